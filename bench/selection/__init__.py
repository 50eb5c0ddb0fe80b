"""Does the engine choose the holder's portrait? Composes labelled documents and counts what the engine returns."""
