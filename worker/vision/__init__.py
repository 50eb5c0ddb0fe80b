"""The vision engine: bytes in, dataclasses out. It knows nothing of queues, settings or HTTP."""

from worker.vision.comparison import DEFAULT_THRESHOLD, Comparison
from worker.vision.engine import Engine, EngineName, load_engine
from worker.vision.errors import ModelError, NoFaceError, UnreadableImageError, VisionError
from worker.vision.pages import Limits
from worker.vision.service import Extraction, FoundFace, compare_faces, extract_face

__all__ = [
    "DEFAULT_THRESHOLD",
    "Comparison",
    "Engine",
    "EngineName",
    "Extraction",
    "FoundFace",
    "Limits",
    "ModelError",
    "NoFaceError",
    "UnreadableImageError",
    "VisionError",
    "compare_faces",
    "extract_face",
    "load_engine",
]
