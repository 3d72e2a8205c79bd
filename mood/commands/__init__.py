"""What the commands of ``python -m mood`` do."""
