"""The worker that delivers signed webhooks over HTTPS when jobs end. It retries for up to a day."""
