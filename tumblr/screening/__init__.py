"""May a text be published without a human's look? Pure."""
