"""Benchmarks of the encoders: error rates, thresholds, printed photographs."""
