"""The settings of the service, declared by topic.

Nothing else reads the environment. ``make settings`` writes ``docs/settings.md`` and ``.env.example`` from the titles,
docstrings, defaults and descriptions of the topics.
"""

from functools import cache

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from shared.errors import SetupError
from shared.settings.access import Access, Network
from shared.settings.documents import MEGABYTE, Documents
from shared.settings.environment import certificate_files, check_env_file, env_file, object_store_environment
from shared.settings.files import SECRETS
from shared.settings.jobs import Capacity, Jobs
from shared.settings.monitoring import Monitoring
from shared.settings.storage import Storage
from shared.settings.values import host_name, wrapping_keys
from shared.settings.vision import Quality, Vision
from shared.settings.webhooks import Webhooks

__all__ = [
    "MEGABYTE",
    "SECRETS",
    "Settings",
    "certificate_files",
    "get_settings",
    "host_name",
    "object_store_environment",
    "wrapping_keys",
]


class Settings(
    # Pydantic collects fields from the last base to the first, so this is the reverse of the documentation's order.
    Monitoring,
    Jobs,
    Capacity,
    Quality,
    Vision,
    Webhooks,
    Documents,
    Storage,
    Access,
    Network,
    BaseSettings,
):
    """All settings. Each is an environment variable of the same name in capitals, or a file among the secrets."""

    model_config = SettingsConfigDict(
        title="Settings",
        env_file=env_file(),
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # Secret files come first, unlike pydantic-settings' own order: Compose and Kubernetes set a REDIS_URL without a
        # password, and an operator adds the URL with a password as a file.
        return init_settings, file_secret_settings, env_settings, dotenv_settings

    @classmethod
    def topics(cls) -> list[type[BaseModel]]:
        """Return the topics in the order in which they are documented."""
        return [base for base in reversed(cls.__bases__) if base is not BaseSettings]


@cache
def get_settings() -> Settings:
    """Return this process's settings, read once.

    Raises
    ------
    SetupError
        Values are invalid; one line names each of them. Or a file with settings cannot be read.

    """
    check_env_file()
    try:
        return Settings()
    except ValidationError as error:
        raise SetupError(f"settings: {'; '.join(map(_sentence, error.errors()))}") from error
    except (OSError, SettingsError) as error:  # of a secret, which the error names
        raise SetupError(f"settings: {error}") from error


def _sentence(error: ErrorDetails) -> str:
    name = ".".join(map(str, error["loc"]))
    return f"{name}: {error['msg']}" if name else error["msg"]
