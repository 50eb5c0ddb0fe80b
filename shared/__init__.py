"""What the API and the workers agree on: settings, errors, schemas, the job record, the bytes, the queue."""
