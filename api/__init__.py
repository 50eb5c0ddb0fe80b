"""HTTP in, HTTP out: accept documents, hand out jobs, wait for them. It knows nothing of vision."""

from shared.metrics import multiprocess as multiprocess  # before anything imports prometheus_client
