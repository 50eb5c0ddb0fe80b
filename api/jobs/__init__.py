"""Creates jobs from requests, and waits until they end."""
