"""Where jobs, documents and models are kept."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, Json, NonNegativeInt, Secret

from shared.errors import SetupError
from shared.settings.values import Certificates, MasterKeys, wrapping_keys


class Storage(BaseModel):
    """Redis holds the jobs, an object store holds the encrypted documents."""

    model_config = ConfigDict(title="Redis and object store")

    redis_url: str | None = Field(
        None, description="URL of Redis or Valkey. Not set: an embedded Valkey server under `DATA_DIR`."
    )
    redis_namespace: str = Field(
        "nsfas",
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Prefix of all keys in Redis. Systems that share a server need different prefixes.",
    )
    redis_replicas: NonNegativeInt = Field(
        0,
        description="Replicas that should have an accepted job before the client gets its response, and the end of a "
        "job before its documents are deleted. For a Redis with failover.",
    )
    data_dir: Path = Field(
        Path(".data"), description="Directory of the embedded server's data and of stored documents."
    )
    storage_url: str | None = Field(
        None, description="Object store for documents (`file:///...`, `s3://...`). Not set: `DATA_DIR/blobs`."
    )
    storage_options: Secret[Json[dict[str, str]]] | None = Field(
        None, description="Options of the object store, as JSON: `access_key_id`, `secret_access_key`, `endpoint`."
    )
    storage_ca: Certificates | None = Field(
        None,
        description="File of certificates (PEM) that are trusted for the object store, besides the well-known "
        "authorities.",
    )
    master_key: MasterKeys | None = Field(
        None,
        description="Key that encrypts the documents' keys in Redis: 32 bytes in base64. After a change, add the "
        "former keys, separated by commas: they decrypt what they have encrypted.",
    )
    model_dir: Path | None = Field(None, description="Cache of prepared models. Not set: the user's cache directory.")

    @property
    def wrapping_keys(self) -> list[bytes]:
        """The master keys, the first to wrap with and all to open with; none if documents' keys are not wrapped."""
        return wrapping_keys(self.master_key) if self.master_key else []

    @property
    def embedded(self) -> bool:
        """Whether the service starts its own Valkey server and worker."""
        return self.redis_url is None

    @property
    def workers_redis_url(self) -> str:
        """The Redis server of a worker, which starts none of its own.

        Raises
        ------
        SetupError
            None is named.

        """
        if self.redis_url is None:
            raise SetupError("REDIS_URL is not set: name the Redis server that the API uses")
        return self.redis_url

    @property
    def blobs_url(self) -> str:
        return self.storage_url or (self.data_dir.resolve() / "blobs").as_uri()
