"""Benchmarks: ``python -m bench``. Times are from one run on one machine; ratios also hold on other machines."""
