"""Servers that tests start: Valkey with a clock, Sentinels, a trace collector, a webhook receiver, a TLS proxy."""
