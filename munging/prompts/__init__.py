"""Threads as prompts and documents, and what the model wrote as a post."""
