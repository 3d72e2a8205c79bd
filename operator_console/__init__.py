"""The operator's console: the bot as pages in a browser, by way of the switchboard."""
