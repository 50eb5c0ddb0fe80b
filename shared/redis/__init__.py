"""Connections to Redis: one server, or a group behind Sentinels."""
