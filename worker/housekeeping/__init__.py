"""The worker that removes bytes from the object store: never in front of a document."""
