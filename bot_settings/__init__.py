"""Every setting of the bot, in sections: names, types, defaults, units, meaning."""
