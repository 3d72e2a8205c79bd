"""How the bot feels: named moods, the mood of the day, and the mood that people's words move.

Everything here is pure: times, time zones and stored inputs are passed in, nothing is read or written
(the graph, which draws a picture, is the one exception).
"""
