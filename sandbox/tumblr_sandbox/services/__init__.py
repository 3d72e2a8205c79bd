"""What may happen in the sandbox, whichever face asks for it: posts, interactions, limits, accounts."""
