"""The person holding the receiver: plays a script, 20 ms at a time, and listens meanwhile.

Theory of operation
-------------------
`step` is called once per 20 ms of telephone with what was heard in them, and answers with what is
said. The caller knows whose turn it is the way people do: by ear. The bot *sounds* in a frame louder
than -48 dB; a move that waits its turn begins when the bot has sounded since the caller's last move and
has then been quiet for the caller's patience. A bot that never answers does not hold up the script for
ever: after `SPEECHLESS_MS` of quiet the next move is made anyway, as a person would say 「喂？」.
No clock, no I/O: sound comes prepared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from voicebot.audio import FRAME_MS, FRAME_SAMPLES, SAMPLES_PER_MS, level_db
from voicebot.dialplan.model import Place
from voicebot.events import Samples
from voicebot.phone.script import HangUp, Move, Play, Press, Quiet, Say, Script, WaitFor

SOUNDING_DB = -48.0
SPEECHLESS_MS = 15_000
KEY_GAP_MS = 200
JOURNAL_LAG_MS = 3000
"""words told by the journal this long ago have been spoken, even if no sound came since: they were short"""
PATIENT_END_MS = 90_000
"""after the last move: quiet for which the caller stays on the line"""


@dataclass(frozen=True, slots=True)
class Doing:
    """What the caller does in these 20 ms."""

    voice: Samples
    """shape (160,), without noise"""
    keys: str = ""
    begins: Move | None = None
    """the move that begins in this frame"""
    hangs_up: bool = False
    gave_up: str = ""
    """why the script could not be played to its end"""


@dataclass(frozen=True, slots=True)
class Senses:
    """What reaches the caller in 20 ms."""

    heard: Samples
    """shape (160,)"""
    bot_said: Sequence[str] = ()
    """sentences the server's journal told since the last frame"""
    is_with_agent: bool = False


_SILENT = np.zeros(FRAME_SAMPLES, dtype=np.int16)


class Caller:
    """One person, one call."""

    def __init__(self, script: Script, sounds: Mapping[Place, Samples]) -> None:
        """sounds: for every `say` and `play`, by its place in the script; int16, 8000 Hz."""
        self._moves = list(script.moves)
        self._sounds = sounds
        self._patience_ms = script.patience_ms
        self._now_ms = 0
        self._speaking: Samples = np.zeros(0, dtype=np.int16)
        self._keys = ""
        self._next_key_ms = 0
        self._previous: Move | None = None
        self._waiting_since_ms = 0
        self._bot_began_ms: int | None = None
        """when the bot first sounded since the caller's last move"""
        self._last_sound_ms: int | None = None
        self._said: list[str] = []
        """by the bot, since the caller's last move"""
        self._told_ms: int | None = None
        """when the journal told the words that are waited for"""

    @property
    def is_done(self) -> bool:
        """Nothing is left to say or press."""
        return not self._moves and not len(self._speaking) and not self._keys

    def step(self, senses: Senses) -> Doing:
        """Let 20 ms pass."""
        self._listen(senses)
        begins, hangs_up, gave_up, keys = None, False, "", ""
        if not len(self._speaking) and not self._keys:
            begins, hangs_up, gave_up = self._next_move(senses)
        if self._keys and self._now_ms >= self._next_key_ms:
            keys, self._keys = self._keys[0], self._keys[1:]
            self._next_key_ms = self._now_ms + KEY_GAP_MS
            self._did_something()
        voice = self._voice()
        self._now_ms += FRAME_MS
        return Doing(voice, keys, begins, hangs_up, gave_up)

    # --- inside ---

    def _listen(self, senses: Senses) -> None:
        self._said.extend(senses.bot_said)
        if level_db(senses.heard) > SOUNDING_DB:
            self._last_sound_ms = self._now_ms
            if self._bot_began_ms is None:
                self._bot_began_ms = self._now_ms

    def _next_move(self, senses: Senses) -> tuple[Move | None, bool, str]:
        if not self._moves:
            too_long = self._quiet_ms() > PATIENT_END_MS and not senses.is_with_agent
            return None, too_long, "the bot neither spoke nor hung up after the last move" if too_long else ""
        move = self._moves[0]
        if isinstance(move, WaitFor):
            if not self._has_come(move, senses):
                waited_ms = self._now_ms - self._waiting_since_ms
                if waited_ms <= move.within_ms:
                    return None, False, ""
                what = f'say "{move.text}"' if move.text else move.what.replace("_", " ")
                return None, True, f"{move.place}: waited {waited_ms} ms in vain for the bot to {what}"
        elif isinstance(move, Quiet):
            if self._now_ms - self._waiting_since_ms < move.for_ms:
                return None, False, ""
        elif not self._is_my_turn(move):
            return None, False, ""
        self._begin(self._moves.pop(0))
        return move, isinstance(move, HangUp), ""

    def _is_my_turn(self, move: Say | Play | Press | HangUp) -> bool:
        after_ms = None if isinstance(move, HangUp) else move.interrupt_after_ms
        if after_ms is not None:
            return self._bot_began_ms is not None and self._now_ms - self._bot_began_ms >= after_ms
        if isinstance(self._previous, Quiet | WaitFor):
            return True
        return self._is_bot_silent() or self._quiet_ms() >= SPEECHLESS_MS

    def _has_come(self, move: WaitFor, senses: Senses) -> bool:
        match move.what:
            case "bot_silent":
                return self._is_bot_silent()
            case "bot_speaks":
                return self._bot_began_ms is not None
            case "agent":
                return senses.is_with_agent
        if self._told_ms is None and any(_plain(move.text) in _plain(said) for said in self._said):
            self._told_ms = self._now_ms
        return self._told_ms is not None and self._has_been_spoken(self._told_ms) and self._is_bot_silent()

    def _has_been_spoken(self, told_ms: int) -> bool:
        """The journal tells words when they are sent, which may be before they are heard."""
        sounded_since = self._last_sound_ms is not None and self._last_sound_ms >= told_ms
        return sounded_since or self._now_ms - told_ms >= JOURNAL_LAG_MS

    def _is_bot_silent(self) -> bool:
        """It has spoken since my last move, and has finished."""
        return self._bot_began_ms is not None and self._quiet_ms() >= self._patience_ms

    def _quiet_ms(self) -> int:
        since_ms = max(self._waiting_since_ms, -1 if self._last_sound_ms is None else self._last_sound_ms)
        return self._now_ms - since_ms

    def _begin(self, move: Move) -> None:
        self._previous = move
        self._told_ms = None
        self._waiting_since_ms = self._now_ms
        if isinstance(move, Say | Play):
            self._speaking = self._sounds[move.place]
            self._did_something()
        elif isinstance(move, Press):
            self._keys = move.keys
            self._next_key_ms = self._now_ms

    def _did_something(self) -> None:
        """What the bot said before does not answer what I say now."""
        self._bot_began_ms = None
        self._said.clear()
        self._waiting_since_ms = self._now_ms

    def _voice(self) -> Samples:
        if not len(self._speaking):
            return _SILENT
        frame, self._speaking = self._speaking[:FRAME_SAMPLES], self._speaking[FRAME_SAMPLES:]
        if not len(self._speaking):
            self._did_something()
        return np.pad(frame, (0, FRAME_SAMPLES - len(frame)))


def _plain(text: str) -> str:
    """For comparing: letters and digits only."""
    return "".join(c for c in text.lower() if c.isalnum())


def speech_end_ms(samples: Samples) -> int:
    """Where sound ends within prepared speech; what follows is only the synthesiser's breath."""
    frames = len(samples) // FRAME_SAMPLES
    for index in range(frames - 1, -1, -1):
        if level_db(samples[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES]) > SOUNDING_DB:
            return (index + 1) * FRAME_MS
    return len(samples) // SAMPLES_PER_MS
