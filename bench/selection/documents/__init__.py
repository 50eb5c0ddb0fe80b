"""Documents that the measures compose, with the position of the portrait known."""
