"""Additions to Celery in a worker's main process: lease renewal, reaper, heartbeat and watchdog."""
