"""Everything that decides what the bot does on tumblr, and does it exactly once.

Finders read tumblr and yield turns; the driver moves every turn from state to state; ``post.py`` alone
changes anything on tumblr; the store remembers all of it in one SQLite file.
"""
