"""How fast the bot may go: what a pass looks at, and how many posts a day tumblr allows."""
