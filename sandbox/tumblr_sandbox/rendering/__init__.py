"""Stored posts, blogs and notes as the API shows them."""
