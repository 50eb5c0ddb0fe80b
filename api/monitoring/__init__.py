"""Metrics for Prometheus, and the history of the load."""
