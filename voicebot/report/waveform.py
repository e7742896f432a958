"""Sound as a shape: the loudest and the softest sample of each little stretch, as an SVG path."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from voicebot.events import Samples

COLUMNS_PER_S = 40
MOST_COLUMNS = 12_000


def envelope_path(samples: Samples, *, length_ms: int, height: float = 100.0) -> str:
    """The outline of a sound, for an SVG whose x axis is milliseconds.

    samples: int16, 8000 Hz. The shape is centred on height / 2; quiet parts are widened by the
    square root, so that soft speech can be seen beside loud.
    """
    columns = min(MOST_COLUMNS, max(1, length_ms * COLUMNS_PER_S // 1000))
    whole = np.zeros(max(len(samples), columns), dtype=np.float32)
    whole[: len(samples)] = samples.astype(np.float32) / 32_768
    edges = np.linspace(0, max(length_ms * 8, 1), columns + 1).astype(int)
    peaks = np.array([np.abs(part).max() if len(part := whole[a:b]) else 0.0 for a, b in pairwise(edges)])
    half = np.sqrt(peaks) * height / 2
    xs = np.linspace(0, length_ms, columns)
    middle = height / 2
    above = [f"{x:.0f},{middle - h:.1f}" for x, h in zip(xs, half, strict=True)]
    below = [f"{x:.0f},{middle + h:.1f}" for x, h in zip(xs[::-1], half[::-1], strict=True)]
    return "M" + "L".join(above + below) + "Z"
