"""Connections to Redis: a single server, or a group that Sentinels manage."""
