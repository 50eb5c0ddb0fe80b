"""What a worker's main process adds to Celery: renew leases, find lost jobs, give heartbeats, end if stuck."""
