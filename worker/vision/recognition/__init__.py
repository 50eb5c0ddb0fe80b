"""Embeddings of faces, and what the distance between two of them means."""
