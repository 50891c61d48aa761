"""A twelve-lead electrocardiogram that nobody's heart has made."""

from math import exp
from random import Random
from typing import Final

from yilian.demo.world.papers.canvas import INK, Canvas

_SIZE: Final = (1000, 460)
_STEP, _BOLD = 6, 30  # a millimetre, half a centimetre
_LEADS: Final = (
    ("I", "aVR", "V1", "V4"),
    ("II", "aVL", "V2", "V5"),
    ("III", "aVF", "V3", "V6"),
)
# How tall R and S are in each lead, in millivolts.
_SHAPE: Final = {
    "I": (0.8, 0.1), "II": (1.1, 0.1), "III": (0.5, 0.2), "aVR": (-0.9, 0.0),
    "aVL": (0.5, 0.1), "aVF": (0.8, 0.1), "V1": (0.2, 0.9), "V2": (0.4, 1.2),
    "V3": (0.8, 0.8), "V4": (1.4, 0.4), "V5": (1.3, 0.2), "V6": (1.0, 0.1),
}  # fmt: skip
_RAISED: Final = frozenset({"V1", "V2", "V3", "V4"})  # where an anterior wall suffers
_SECOND: Final = 150  # pixels, at 25 mm a second
_MILLIVOLT: Final = 60


def ecg(rng: Random, *, is_acute: bool) -> bytes:
    """`is_acute`: with the ST segment raised in the leads of the chest."""
    canvas = Canvas(*_SIZE)
    canvas.grid(_STEP, _BOLD)
    canvas.mark()
    beat = rng.uniform(0.66, 0.92)
    wide = _SIZE[0] // len(_LEADS[0])
    for row, leads in enumerate(_LEADS):
        middle = 90 + row * 130
        for column, lead in enumerate(leads):
            raised = 0.28 if is_acute and lead in _RAISED else 0.0
            left = column * wide
            tremor = [rng.gauss(0, 0.012) for _pixel in range(wide)]
            points = [
                (left + x, round(middle - _MILLIVOLT * (_volts(lead, x, beat, raised)
                                                       + tremor[x])))
                for x in range(wide)
            ]  # fmt: skip
            canvas.path(points, INK, 2)
            canvas.write((left + 8, middle - 70), lead)
    canvas.write((_SIZE[0] - 130, _SIZE[1] - 24), "25mm/s")
    return canvas.png()


def _volts(lead: str, x: int, beat: float, raised: float) -> float:
    """P, Q, R, S, ST and T as humps around their moments in the beat."""
    at = (x / _SECOND) % beat
    tall, deep = _SHAPE[lead]
    sign = -1.0 if tall < 0 else 1.0
    return (
        sign * 0.12 * _hump(at, 0.12, 0.025)
        - sign * 0.08 * _hump(at, 0.235, 0.008)
        + tall * _hump(at, 0.26, 0.011)
        - deep * _hump(at, 0.285, 0.011)
        + raised * _hump(at, 0.37, 0.045)
        + sign * (0.22 + raised) * _hump(at, 0.46, 0.045)
    )


def _hump(at: float, middle: float, width: float) -> float:
    return exp(-(((at - middle) / width) ** 2) / 2)
