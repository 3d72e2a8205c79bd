"""What is it the bot's turn to speak about? Finders read tumblr and yield turns."""
