"""What wraps every request: middleware, request ids, problem documents, bounded uploads. It knows nothing of jobs."""
