"""Which candidate is posted: coldstart deltas, the mood's screen, the draw, and what is kept for later.

Everything here is a pure function over plain data; the random generator is passed in.
"""
