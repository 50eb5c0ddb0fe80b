"""Measurements: ``python -m bench``. Times are of one run on one machine; ratios are what travels."""
