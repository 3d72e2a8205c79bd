"""From a GGUF file to a model folder."""
