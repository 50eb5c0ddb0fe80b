"""Name and version of the service, as clients see them."""

NAME = "NSFAS Face Extraction API"
VERSION = "0.1.0"
