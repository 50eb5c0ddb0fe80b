"""The worker that tells receivers of a job's end: signed, over HTTPS, again until it is heard or a day has passed."""
