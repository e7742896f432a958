"""Is somebody speaking right now? WebRTC's detector behind a floor that follows the line.

WebRTC's detector is quick and seldom misses a voice, but takes steady noise, key clicks and
television in the next room for one. A frame therefore counts as speech only when it is also
well above the quietest sound heard lately: the floor falls at once and rises slowly, so that
a street that becomes louder is learned within seconds, and a long sentence is not.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from voicebot.audio import level_db
from voicebot.errors import EngineError
from voicebot.events import Samples

FRAME_SAMPLES = 160
HZ = 8000
LISTEN_BACK_FRAMES = 150
"""the floor is taken from the last 3 s: longer than any phrase without a breath"""
FLOOR_SHARE = 0.1
"""the quiet tenth of those frames is the line itself"""
ABOVE_FLOOR_DB = 6.0
"""a voice on the phone stands 10 to 30 dB above its line; 6 dB still hears a soft one"""
SILENCE_DB = -60.0
"""quieter than any voice that reaches us: mu-law rests near -70, a whisper is at -50"""
LOUD_DB = -28.0
"""never ask for more than this, so that one loud call start does not deafen us"""


class WebrtcDetector:
    """Detector for one call; keep one per call, it remembers the noise of its line.

    aggressiveness: 0 takes most sounds for speech, 3 fewest.
    """

    def __init__(self, aggressiveness: int = 2) -> None:
        import webrtcvad

        if aggressiveness not in (0, 1, 2, 3):
            raise EngineError(f"speech detector: aggressiveness {aggressiveness} is not one of 0, 1, 2, 3.")
        self._vad = webrtcvad.Vad(aggressiveness)
        self._levels: deque[float] = deque(maxlen=LISTEN_BACK_FRAMES)

    def is_speech(self, frame: Samples) -> bool:
        if frame.shape != (FRAME_SAMPLES,):
            raise EngineError(
                f"speech detector: a frame of shape {frame.shape}, expected ({FRAME_SAMPLES},)."
            )
        level = level_db(frame)
        self._levels.append(level)
        threshold = min(max(self.floor_db + ABOVE_FLOOR_DB, SILENCE_DB), LOUD_DB)
        sounds_like_voice = bool(self._vad.is_speech(np.ascontiguousarray(frame, dtype="<i2").tobytes(), HZ))
        return sounds_like_voice and level >= threshold

    @property
    def floor_db(self) -> float:
        """Level of the line without a voice, dB below full scale."""
        if not self._levels:
            return SILENCE_DB
        ordered = sorted(self._levels)
        return ordered[int(len(ordered) * FLOOR_SHARE)]
