"""The job records of an empty server, as for the tests of ``shared``."""

from tests.shared.conftest import records

__all__ = ["records"]
