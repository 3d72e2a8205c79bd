"""The documents that the demo's model learns from: conversations in the language of the sandbox's people.

``rendering`` prints a conversation in the prompt format that serves the bot, ``judged`` makes the rows for
the two heads, ``writing`` puts all of it into files.
"""
