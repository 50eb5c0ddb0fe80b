"""Load and counts of the whole system, from Redis."""
