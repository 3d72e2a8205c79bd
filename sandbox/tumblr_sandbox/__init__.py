"""A tumblr on this machine: the API that real clients work against, pages to look at, and a control face."""
