"""Which face on a document is the holder's portrait."""
