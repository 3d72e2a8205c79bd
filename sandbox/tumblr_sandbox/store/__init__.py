"""The sandbox's memory: one SQLite file. SQL is spoken here and nowhere else in the sandbox."""
