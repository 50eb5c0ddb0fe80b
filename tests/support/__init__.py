"""Shared parts of the tests: servers, documents and helpers."""
