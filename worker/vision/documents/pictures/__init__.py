"""Decoders of pictures, with colours and orientation."""
