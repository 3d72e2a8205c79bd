"""Text in every form: tumblr posts to threads, threads to the model's text, and back. Pure."""
