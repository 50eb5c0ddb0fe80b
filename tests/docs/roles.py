"""An extension of Griffe, which reads docstrings for the site: references in Sphinx's notation become plain code."""

import re

import griffe

_ROLE = re.compile(r":(?:attr|class|exc|func|meth|mod):`~?([\w.]+)`")


class Roles(griffe.Extension):
    """Replaces the notation in every docstring, for example of :class:`Roles`."""

    def on_object(self, *, obj: griffe.Object, **_: object) -> None:
        """Change one docstring."""
        if obj.docstring:
            obj.docstring.value = _ROLE.sub(r"`\1`", obj.docstring.value)
