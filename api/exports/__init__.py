"""A batch's results as files: a CSV table and a ZIP archive of portraits."""
