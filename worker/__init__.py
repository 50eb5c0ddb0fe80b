"""The workers: they claim a job, process its documents and finish the job."""

from shared.metrics import multiprocess as multiprocess  # before anything imports prometheus_client
