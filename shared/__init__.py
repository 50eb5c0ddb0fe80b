"""Code that the API and the workers share: settings, errors, schemas, job records, document storage, the queue."""
