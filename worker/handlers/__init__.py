"""The work of each kind of job: one module per kind, with a function ``run``.

``run`` receives documents and options, and returns the result. It has no access to the queue, job records or the
object store; ``worker.runner`` takes care of those.
"""
