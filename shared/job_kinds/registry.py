"""All kinds of jobs: every module of this package with a ``KIND``."""

import pkgutil
from importlib import import_module
from typing import Final

import shared.job_kinds
from shared.job_kinds.declaration import JobKind


def _declared() -> tuple[JobKind, ...]:
    names = {module.name for module in pkgutil.iter_modules(shared.job_kinds.__path__)} - {"registry"}
    modules = [import_module(f"{shared.job_kinds.__name__}.{name}") for name in names]
    kinds: list[JobKind] = [vars(module)["KIND"] for module in modules if "KIND" in vars(module)]
    return tuple(sorted(kinds, key=lambda kind: (kind.rank, kind.name)))


KINDS: Final = _declared()
"""The kinds in the order in which documentation and tables show them."""

LABELS: Final = {each.name: each.label for kind in KINDS for each in kind.inputs if each.label}
"""Names for people of the form fields whose error sentences begin with it."""

_BY_NAME = {kind.name: kind for kind in KINDS}


def kind_named(name: str) -> JobKind:
    """Return the kind with this name.

    Raises
    ------
    KeyError
        This version has no such kind.

    """
    return _BY_NAME[name]


def find_kind(name: str) -> JobKind | None:
    """Return the kind with this name; None if this version does not have it."""
    return _BY_NAME.get(name)
