"""The bot's side of the operator's console: questions come from the switchboard and are answered here."""
