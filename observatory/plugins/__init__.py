"""What others may add to the observatory, and how far it reaches: a plugin asks, and never does."""
