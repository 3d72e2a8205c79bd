"""What posts are made of: HTML, NPF blocks, chains, plain text. Pure functions."""
