"""Faults that tests inject: programs with a replaced function, and attempts to escape from the sandbox."""
