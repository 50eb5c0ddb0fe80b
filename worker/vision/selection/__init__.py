"""Selects the face of a document that is the holder's portrait."""
