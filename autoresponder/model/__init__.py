"""The network: its files, its tokens, its trunk, its linear layers on a CPU."""
