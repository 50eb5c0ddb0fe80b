"""HTTP in, HTTP out: accept documents, hand out jobs, wait for them. It knows nothing of vision."""
