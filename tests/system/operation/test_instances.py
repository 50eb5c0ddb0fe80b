"""A data directory can be used by one running system only."""

from pathlib import Path

import pytest

from app import start_command
from shared.errors import SetupError
from shared.settings import Settings
from tests.support.servers import System, free_port


def test_a_second_instance_with_the_same_data_directory_is_rejected(system: System) -> None:
    settings = Settings(data_dir=Path(system.environment["DATA_DIR"]), port=free_port())
    with pytest.raises(SetupError, match="in use by another instance"):
        start_command(settings)
