"""The demo: the sandbox and the bot's four processes on one machine, and the model that they run with."""
