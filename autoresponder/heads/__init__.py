"""Heads on the network's activations: selector, sentiment, reviewer, next speaker."""
