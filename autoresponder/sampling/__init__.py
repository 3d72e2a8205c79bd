"""The samplers, each a small class over logits."""
