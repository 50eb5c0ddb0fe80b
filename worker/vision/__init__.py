"""The vision engine: bytes in, dataclasses out. It knows nothing of queues, settings or HTTP."""

from worker.vision.comparison import ComparedFace, Comparison, compare_faces
from worker.vision.documents import FORMATS, Limits, preload
from worker.vision.engine import EncoderChoice, EncoderName, Engine, EngineName, load_engine, verify
from worker.vision.errors import ModelError, NoFaceError, TooComplexError, UnreadableImageError, VisionError
from worker.vision.extraction import Extraction, PagePicture, extract_face
from worker.vision.quality import Quality, QualityLimits
from worker.vision.recognition.calibration import Calibration, UnmeasuredRateError
from worker.vision.recognition.reliability import Doubt
from worker.vision.recognition.verdict import Verdict
from worker.vision.selection.portrait_selection import FoundFace
from worker.vision.stages import Stage, timed_stages

__all__ = [
    "FORMATS",
    "Calibration",
    "ComparedFace",
    "Comparison",
    "Doubt",
    "EncoderChoice",
    "EncoderName",
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
    "UnmeasuredRateError",
    "UnreadableImageError",
    "Verdict",
    "VisionError",
    "compare_faces",
    "extract_face",
    "load_engine",
    "preload",
    "timed_stages",
    "verify",
]
