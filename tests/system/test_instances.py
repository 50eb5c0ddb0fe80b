"""One data directory has one running system."""

from pathlib import Path

import pytest

from app import start_command
from shared.errors import SetupError
from shared.settings import Settings
from tests.support.servers import System, free_port


def test_a_second_instance_on_one_data_directory_is_refused(system: System) -> None:
    settings = Settings(_env_file=None, data_dir=Path(system.environment["DATA_DIR"]), port=free_port())
    with pytest.raises(SetupError, match="in use by another instance"):
        start_command(settings)
