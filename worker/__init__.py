"""The workers: take a job, run the vision on its documents, finish the job."""

from shared.metrics import multiprocess as multiprocess  # before anything imports prometheus_client
