"""Tumblr as the bot meets it: calls, keys, limits, answers parsed into data. It decides nothing."""
