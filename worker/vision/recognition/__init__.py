"""Embeddings of faces, and the meaning of the distance between two embeddings."""
