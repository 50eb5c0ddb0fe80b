"""The service that a team would write in an afternoon: FastAPI and ``face_recognition``, synchronous, no queue.

``uvicorn bench.performance.simple_service:app --workers N`` serves it. ``python -m bench service`` compares the
throughput of the real service with it.
"""

import base64
import io
from threading import Lock
from typing import Annotated, Any

import face_recognition
import numpy as np
from fastapi import FastAPI, File, HTTPException, UploadFile
from PIL import Image

app = FastAPI()

_LOCK = Lock()  # FastAPI calls this in threads, and dlib's detector crashes if two threads use it
_SIZE_WEIGHT, _POSITION_WEIGHT = 0.7, 0.3  # of the contract


@app.get("/health/live")
def live() -> dict[str, str]:
    """Answer when the process serves requests."""
    return {"status": "ok"}


@app.post("/extract-face")
def extract_face(file: Annotated[UploadFile, File()]) -> dict[str, Any]:
    """Return the face with the best combined score, as the contract describes."""
    picture = face_recognition.load_image_file(file.file)
    with _LOCK:
        locations = face_recognition.face_locations(picture)
    if not locations:
        raise HTTPException(404, "no face")
    height, width = picture.shape[:2]
    largest = max((bottom - top) * (right - left) for top, right, bottom, left in locations)

    def combined(box: tuple[int, int, int, int]) -> float:
        top, right, bottom, left = box
        size = 100 * (bottom - top) * (right - left) / largest
        distance = np.hypot((left + right) / 2 / width - 0.5, (top + bottom) / 2 / height)
        return float(_SIZE_WEIGHT * size + _POSITION_WEIGHT * max(0.0, 100 * (1 - distance)))

    best = max(locations, key=combined)
    top, right, bottom, left = best
    buffer = io.BytesIO()
    Image.fromarray(picture[top:bottom, left:right]).save(buffer, "JPEG")
    image = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    return {
        "success": True,
        "face_image": image,
        "metadata": {"total_faces": len(locations), "confidence": round(combined(best), 2)},
    }
