"""What an ask may order instead of asking: one file for each command."""
