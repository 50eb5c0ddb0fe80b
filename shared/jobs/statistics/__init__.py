"""Counts and load of the whole system, as Redis holds them."""
