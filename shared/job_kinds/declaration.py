"""What the declaration of a kind of job consists of."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.job_kinds.options import Options

JsonObject = Mapping[str, Any]
"""A result as it was stored. Results of earlier versions may lack fields."""

Path = tuple[str, ...]
"""Names that lead to a value in a result, from the outermost object inwards."""

Column = Callable[[JsonObject], object]
"""Returns the cell of a CSV column from a result; None for an empty cell."""


class Schema(BaseModel):
    """Base of results and their parts: immutable, without additional fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that a request contains.

    Attributes
    ----------
    name
        Name of its form field.
    label
        Name for people, at the beginning of error sentences; None if the request has one file only.
    hint
        What the file shows, for the API documentation.
    example
        Name of a file for the API documentation.

    """

    name: str
    label: str | None = None
    hint: str = ""
    example: str = "@id-card.jpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """A kind of job.

    Attributes
    ----------
    name
        Name in records, metrics and URLs: ``POST /NAME`` and ``POST /jobs/NAME``.
    noun
        Name of one job of this kind in one word: ``submit_NOUN`` is the operation that submits a job.
    summary, description
        Documentation of the synchronous operation.
    submit_summary, submit_description
        Documentation of the operation that submits a job.
    rank
        Position in documentation and tables: kinds are sorted by it.
    inputs
        Files of a request; all are required.
    options
        Options of a request.
    result
        Schema of the result.
    example
        A result, for documentation.
    errors
        Error codes of ``shared.errors`` with which a job of this kind can fail, besides those that all jobs have.
    columns
        CSV columns. Kinds may share a column of the same name.
    portrait
        Path of the picture for the ZIP archive, a data URL; None if results have no picture.
    pictures
        Paths of all pictures and of objects that contain them. Webhooks omit these on request.

    """

    name: str
    noun: str
    summary: str
    description: str
    submit_summary: str
    submit_description: str
    inputs: tuple[InputFile, ...]
    options: type[Options]
    result: type[Schema]
    example: dict[str, Any] = field(repr=False)
    errors: tuple[str, ...]
    rank: int = 100
    columns: Mapping[str, Column] = field(default_factory=dict, repr=False)
    portrait: Path | None = None
    pictures: tuple[Path, ...] = ()

    @property
    def operation(self) -> str:
        """Name of the synchronous operation, and of the module of the handler."""
        return self.name.replace("-", "_")

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the form fields that contain files."""
        return tuple(each.name for each in self.inputs)

    def portrait_of(self, result: JsonObject) -> str | None:
        """Return the picture for the ZIP archive, if the result contains it."""
        picture = None if self.portrait is None else value_at(result, self.portrait)
        return picture if isinstance(picture, str) else None

    def without_pictures(self, result: dict[str, Any]) -> dict[str, Any]:
        """Return a result without its pictures."""
        return reduce(_without, self.pictures, result)


def value_at(result: JsonObject, path: Path) -> object:
    """Return the value at a path in a result; None if the result does not contain it."""
    value: object = result
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def column(*path: str) -> Column:
    """Return a column with the value at a path."""
    return lambda result: value_at(result, path)


def read_example(name: str) -> dict[str, Any]:
    """Read an example of a result from ``shared/job_kinds/examples``."""
    example: dict[str, Any] = json.loads(files("shared.job_kinds").joinpath(f"examples/{name}.json").read_text())
    return example


def _without(value: dict[str, Any], path: Path) -> dict[str, Any]:
    name, *inner = path
    if name not in value:
        return value
    rest = {key: part for key, part in value.items() if key != name}
    return {**value, name: _without(value[name], tuple(inner))} if inner else rest
