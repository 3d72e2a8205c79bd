"""The corpus of the demo's real model: a model of conversations writes it, under a page about who Frank is.

``tables`` is what people wrote of it, ``tasks`` says what is to be written, ``chat`` and ``writing`` have it
written, ``filters`` drops what is not to be learned, ``documents`` prints the rest as the bot reads it.
"""
