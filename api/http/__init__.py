"""HTTP framing of all requests: middleware, request ids, problem documents, upload limits. It knows nothing of jobs."""
