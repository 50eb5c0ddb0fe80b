"""The vision engine: bytes in, dataclasses out. It knows nothing of queues, settings or HTTP."""

from worker.vision.calibration import Calibration
from worker.vision.comparison import Comparison
from worker.vision.engine import Engine, EngineName, load_engine, verify
from worker.vision.errors import ModelError, NoFaceError, TooComplexError, UnreadableImageError, VisionError
from worker.vision.pages import Limits
from worker.vision.quality import Quality, QualityLimits
from worker.vision.service import Extraction, FoundFace, PagePicture, compare_faces, extract_face
from worker.vision.stages import Stage, timed_stages

__all__ = [
    "Calibration",
    "Comparison",
    "Engine",
    "EngineName",
    "Extraction",
    "FoundFace",
    "Limits",
    "ModelError",
    "NoFaceError",
    "PagePicture",
    "Quality",
    "QualityLimits",
    "Stage",
    "TooComplexError",
    "UnreadableImageError",
    "VisionError",
    "compare_faces",
    "extract_face",
    "load_engine",
    "timed_stages",
    "verify",
]
