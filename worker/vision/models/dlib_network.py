"""The input and output sizes of dlib's face recognition network."""

CHIP_SIZE = 150
"""Width and height of the input, in pixels."""

EMBEDDING_SIZE = 128
"""Length of the output."""
