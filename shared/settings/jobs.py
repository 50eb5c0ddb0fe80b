"""How much work is accepted at once, and how jobs are run."""

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

from shared.settings.documents import MEGABYTE


class Capacity(BaseModel):
    """How much the API accepts at once, and how long requests may take."""

    model_config = ConfigDict(title="Capacity")

    max_open_jobs: PositiveInt = Field(
        1_000_000, description="Jobs that may be queued or running at once; a further one is refused with `503`."
    )
    max_waiting: PositiveInt = Field(
        500,
        description="Requests that may wait for a job in one API process; a further one is refused with `503`.",
    )
    upload_memory: PositiveInt = Field(
        64 * MEGABYTE,
        description="Bytes of uploads that one API process holds at once; further uploads wait.",
    )
    upload_timeout: PositiveFloat = Field(
        60, description="Seconds that an upload may take after the API has begun to read it."
    )
    upload_wait: PositiveFloat = Field(
        20, description="Seconds that an upload waits until others free memory; it is then refused with `503`."
    )
    wait_timeout: PositiveFloat = Field(
        40, description="Seconds that `POST /extract-face` and `POST /compare-faces` wait for their job."
    )


class Jobs(BaseModel):
    """How jobs are run, and how long results are kept."""

    model_config = ConfigDict(title="Jobs and workers")

    result_ttl: PositiveInt = Field(3600, description="Seconds that an ended job and its result are kept.")
    job_time_limit: PositiveInt = Field(
        20,
        description="Seconds that one attempt at a job may take. If it does not stop, its process is killed 3 seconds "
        "later.",
    )
    job_lease: PositiveInt = Field(
        20,
        description="Seconds after which a job whose worker does not respond is given to another worker; renewed while "
        "the job runs.",
    )
    max_attempts: PositiveInt = Field(3, description="Attempts at a job before it fails as `worker_crashed`.")
    drain_timeout: PositiveInt = Field(30, description="Seconds that a stopping process may take to finish its work.")
    worker_processes: PositiveInt | None = Field(None, description="Processes of one worker. Not set: one per core.")
