"""Authentication: API keys, scopes, rate limits and job quotas."""
