"""The pages for people: blogs, posts, the ask box."""
