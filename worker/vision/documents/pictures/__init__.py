"""Decoders of pictures, and their colours and orientation."""
