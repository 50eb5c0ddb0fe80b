"""The workers: take a job, run the vision on its documents, finish the job."""
