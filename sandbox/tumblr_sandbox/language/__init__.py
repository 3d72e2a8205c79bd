"""What the sandbox's people say: conversations with the bot, written by a seeded grammar.

Read in this order: ``tables`` (the phrases, read from the TOML files beside it), ``grammar`` (how a phrase
becomes a sentence), ``answers`` and ``asks`` (one turn of the bot and of a user), ``stories``, ``threads``
(whole conversations).
"""
