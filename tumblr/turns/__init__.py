"""What the bot works with: turns and their states, threads to continue, commands, tags."""
