"""Prometheus metrics, and the history of the load."""
