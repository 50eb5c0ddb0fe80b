"""The encoder that the settings ask for, and the distance at which it decides."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from shared.errors import SetupError
from shared.logs import get_logger
from shared.settings import Settings
from worker.vision import Calibration, EncoderChoice, UnmeasuredRateError, verify

log = get_logger(__name__)


def encoder_choice(settings: Settings) -> EncoderChoice:
    """Return which encoder to load; the reference engine has dlib's."""
    if settings.vision_engine == "face_recognition":
        return EncoderChoice("dlib")
    return EncoderChoice(settings.face_encoder, settings.encoder_manifest, settings.sface_weights)


def verify_models(settings: Settings) -> None:
    """Find out before the start whether models, encoder and threshold can be used; the first call prepares the models.

    Raises
    ------
    SetupError, worker.vision.ModelError
        In one line: what is missing, corrupt, or not measured.

    """
    arguments = settings.model_dir, settings.vision_provider, encoder_choice(settings)
    if settings.vision_provider == "cpu":
        calibration = verify(*arguments)
    else:
        # CUDA that a process has begun with cannot be used in those that are forked from it, as the pool's are.
        with ProcessPoolExecutor(1, get_context("spawn")) as another:
            calibration = another.submit(verify, *arguments).result()
    default_threshold(settings, calibration)


def default_threshold(settings: Settings, calibration: Calibration) -> float | None:
    """Return the distance up to which faces match where a request says nothing; None for the encoder's own.

    Raises
    ------
    SetupError
        ``MATCH_FALSE_MATCH_RATE`` is a rate at which the encoder was not measured.

    """
    if settings.match_false_match_rate is None:
        return settings.match_threshold
    try:
        return calibration.threshold_at(settings.match_false_match_rate)
    except UnmeasuredRateError as error:
        raise SetupError(f"MATCH_FALSE_MATCH_RATE: {error}") from error


def warn_of_unequal_error_rates(settings: Settings) -> None:
    """Log at start how unequal the error rates of dlib's network are between groups of people."""
    encoder = encoder_choice(settings)
    if encoder.name == "dlib" and encoder.manifest is None:
        log.warning(
            "dlib's network takes strangers for one person at very different rates",
            threshold=0.6,
            all=0.008,
            white=0.007,
            black=0.183,
            black_men=0.288,
            asian=0.242,
            see="docs/comparison.md",
        )
