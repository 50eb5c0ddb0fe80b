"""SFace, the default encoder.

Zhong et al., "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition", IEEE TIP 2021; the weights are
OpenCV Zoo's (Apache-2.0). What the network was trained on is not published.
"""

from worker.vision.models.runtime import Session
from worker.vision.recognition.calibration import Calibration
from worker.vision.recognition.five_point_encoder import ARCFACE_TEMPLATE, ChipFormat, FivePointEncoder

SFACE = Calibration(
    metric="cosine",
    # At 0.588, 1 in 1,000 pairs of strangers is closer among Black people, the group with the most false matches among
    # the groups with at least 100 people: 24,090 pairs of 220 people in Labeled Faces in the Wild, one picture each.
    # There are too few pairs for smaller rates. The other steps of ten therefore follow the curve over all pairs of the
    # 13,233 pictures, whose rates are 4.5 times lower (docs/error-rates.md).
    rates=((0.460, 1e-5), (0.525, 1e-4), (0.588, 1e-3), (0.650, 1e-2), (0.724, 1e-1)),
)

# The graph itself subtracts the mean and scales. It takes RGB: OpenCV's FaceRecognizerSF converts its BGR to RGB.
_FORMAT = ChipFormat(width=112, height=112, template=ARCFACE_TEMPLATE, descreen=True)


def sface_encoder(session: Session) -> FivePointEncoder:
    """Return the encoder for a session of the prepared network."""
    return FivePointEncoder(session, _FORMAT, SFACE)
