"""The vision library: bytes in, dataclasses out. It does not depend on queues, settings or HTTP."""

from worker.vision.comparison import ComparedFace, Comparison, compare_faces
from worker.vision.documents import FORMATS, Limits, preload
from worker.vision.engine import EncoderChoice, EncoderName, EngineName, load_engine, verify
from worker.vision.errors import ModelError, NoFaceError, TooComplexError, UnreadableImageError, VisionError
from worker.vision.extraction import Extraction, PagePicture, extract_face
from worker.vision.pipeline import Engine
from worker.vision.quality import Quality, QualityLimits
from worker.vision.recognition.calibration import Calibration, UnmeasuredRateError
from worker.vision.recognition.reliability import ReliabilityWarning
from worker.vision.recognition.verdict import Verdict
from worker.vision.selection.portrait_selection import DocumentFace
from worker.vision.stages import Stage, timed_stages

__all__ = [
    "FORMATS",
    "Calibration",
    "ComparedFace",
    "Comparison",
    "DocumentFace",
    "EncoderChoice",
    "EncoderName",
    "Engine",
    "EngineName",
    "Extraction",
    "Limits",
    "ModelError",
    "NoFaceError",
    "PagePicture",
    "Quality",
    "QualityLimits",
    "ReliabilityWarning",
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
