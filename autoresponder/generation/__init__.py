"""Writing candidates: one prompt is read once, and all its candidates are decoded together."""
