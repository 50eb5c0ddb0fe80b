"""The worker that deletes blobs from the object store. It has its own queue and never delays documents."""
