"""Options of requests: form fields or query parameters, declared as pydantic models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from shared.errors import ServiceError

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """Metadata of an option: the error code of an invalid value; ``invalid_request`` for options without it."""

    code: str


def _parse_switch(value: object) -> bool:
    text = str(value).lower()
    if text not in _TRUE | _FALSE:
        raise ValueError("not a switch")
    return text in _TRUE


Switch = Annotated[bool, BeforeValidator(_parse_switch, json_schema_input_type=bool)]
"""An option that is on or off, as HTML forms and command lines write it: ``true``, ``1``, ``yes`` or ``on``."""


class Options(BaseModel):
    """Base of the options of a kind. Every option has a default.

    Options are numbers, switches or strings. A record stores each one as a field of its own name.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @classmethod
    def read(cls, given: Mapping[str, str], context: Mapping[str, object] | None = None) -> Self:
        """Read the options of a request; empty values count as not given, and other names are ignored.

        Parameters
        ----------
        given
            Values by name.
        context
            Objects that validators need: pydantic's ``ValidationInfo.context``.

        Raises
        ------
        ServiceError
            The error code of the first option with an invalid value.

        """
        values = {name: text for name, value in given.items() if (text := value.strip())}
        try:
            return cls.model_validate(values, context=context)
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            raise ServiceError(cls._error_code(name), field=name) from error

    @classmethod
    def load(cls, fields: Mapping[str, str]) -> Self:
        """Read the options from the fields of a job record."""
        return cls.model_validate(fields)

    def dump(self) -> dict[str, str]:
        """Return the options as fields of a job record."""
        return {name: _text(value) for name, value in self.chosen().items()}

    def chosen(self) -> dict[str, Any]:
        """Return the options whose value is not the default."""
        return self.model_dump(exclude_defaults=True)

    @classmethod
    def names(cls) -> frozenset[str]:
        """Return the names of all options."""
        return frozenset(cls.model_fields)

    @classmethod
    def error_codes(cls) -> tuple[str, ...]:
        """Return the error codes of invalid values."""
        return tuple(dict.fromkeys(cls._error_code(name) for name in cls.model_fields))

    @classmethod
    def json_schemas(cls) -> dict[str, dict[str, Any]]:
        """Return the JSON schema of each option."""
        return {name: _of_value(schema) for name, schema in cls.model_json_schema().get("properties", {}).items()}

    @classmethod
    def examples(cls) -> dict[str, Any]:
        """Return the first example of each option that has one."""
        return {name: field.examples[0] for name, field in cls.model_fields.items() if field.examples}

    @classmethod
    def _error_code(cls, name: str) -> str:
        codes = (each.code for each in cls.model_fields[name].metadata if isinstance(each, ErrorCode))
        return next(codes, "invalid_request")


def _of_value(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a value that is given: without null, which means that it is not given."""
    (value,) = (each for each in schema.get("anyOf", [schema]) if each.get("type") != "null")
    omitted = {"anyOf", "title", "default", "examples"}
    return {key: part for key, part in {**value, **schema}.items() if key not in omitted}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)
