"""The API under /v2: what a client of tumblr sees."""
