"""The kinds of jobs, one module per kind.

A module with a ``KIND`` declares everything about a kind except the work: the files and options of its requests, the
schema of its result, its errors, and its columns and pictures in exports. ``registry`` finds the modules. Routes,
forms, the OpenAPI description, job records and exports derive from the declarations. The work is a handler of the same
name in ``worker/handlers``.
"""
