"""The documentation: its links, and the site that is built from it."""
