"""Prometheus figures of all processes of a service."""
