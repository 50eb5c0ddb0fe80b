"""``make prose``: plain English in documentation, in texts that users see, and in comments."""
