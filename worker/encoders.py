"""The face encoder and the match threshold that the settings select."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from shared.errors import SetupError
from shared.logs import get_logger
from shared.settings import Settings
from worker.vision import Calibration, EncoderChoice, UnmeasuredRateError, verify

log = get_logger(__name__)


def encoder_choice(settings: Settings) -> EncoderChoice:
    """Return which encoder to load. The reference engine always uses dlib's."""
    if settings.vision_engine == "face_recognition":
        return EncoderChoice("dlib")
    return EncoderChoice(settings.face_encoder, settings.encoder_manifest, settings.sface_weights)


def verify_models(settings: Settings) -> None:
    """Check before the start that models, encoder and threshold can be used. The first call prepares the models.

    Raises
    ------
    SetupError, worker.vision.ModelError
        Something is missing, corrupt or not measured. The message is one line.

    """
    arguments = settings.model_dir, settings.vision_provider, encoder_choice(settings)
    if settings.vision_provider == "cpu":
        calibration = verify(*arguments)
    else:
        # After a process has initialised CUDA, its forked children cannot use CUDA. Pool processes are forked.
        with ProcessPoolExecutor(1, get_context("spawn")) as executor:
            calibration = executor.submit(verify, *arguments).result()
    default_threshold(settings, calibration)


def default_threshold(settings: Settings, calibration: Calibration) -> float | None:
    """Return the match threshold for requests without a threshold; None selects the encoder's own threshold.

    Raises
    ------
    SetupError
        The encoder was not measured at the rate in ``MATCH_FALSE_MATCH_RATE``.

    """
    if settings.match_false_match_rate is None:
        return settings.match_threshold
    try:
        return calibration.threshold_at(settings.match_false_match_rate)
    except UnmeasuredRateError as error:
        raise SetupError(f"MATCH_FALSE_MATCH_RATE: {error}") from error


def warn_of_unequal_error_rates(settings: Settings) -> None:
    """Log at start how much the error rates of dlib's network differ between groups of people."""
    encoder = encoder_choice(settings)
    if encoder.name == "dlib" and encoder.manifest is None:
        log.warning(
            "dlib's false match rate differs strongly between groups of people",
            threshold=0.6,
            all=0.008,
            white=0.007,
            black=0.183,
            black_men=0.288,
            asian=0.242,
            see="docs/error-rates.md",
        )
