"""Model files: where they come from, how they are prepared, and the runtime that runs them."""
