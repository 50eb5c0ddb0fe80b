"""Measures whether the engine selects the holder's portrait: composes labelled documents and counts the outcomes."""
