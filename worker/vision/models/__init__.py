"""Model files: their sources, their preparation, and the runtime that executes them."""
