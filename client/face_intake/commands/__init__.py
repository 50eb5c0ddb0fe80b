"""The command ``face-intake``."""

from face_intake.commands import compare, doctor, extract, intake, status
from face_intake.commands.common import app, main

__all__ = ["app", "compare", "doctor", "extract", "intake", "main", "status"]
