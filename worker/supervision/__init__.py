"""What a worker's main process does beside Celery: renew leases, find lost jobs, give heartbeats, end if stuck."""
