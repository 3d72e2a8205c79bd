"""Fine-tuning the generator on a prepared corpus."""
