"""Pictures in the generator's process: captions of them, and pictures by their description."""
