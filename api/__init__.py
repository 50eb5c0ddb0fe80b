"""The HTTP API: accepts documents, creates jobs and returns their results. It contains no vision code."""

from shared.metrics import multiprocess as multiprocess  # before anything imports prometheus_client
