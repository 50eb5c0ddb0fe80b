"""Finding faces on the pages of a document, and which way up they are."""
