"""The bot's SQLite file: the only folder that speaks SQL."""
