"""Key presses -> one entry.

Theory of operation
-------------------
The open question says how it is answered on the keypad (`Keys`): how many keys, which key ends
the entry, how long to wait between two. An entry is finished when

- it has `max_keys` keys, or
- the end key is pressed after at least one other key, or
- no further key comes within `inter_key_ms`. Entries that are too short are finished too: the
  dialogue tells the caller what is missing, which is kinder than silence.

At a question that takes a single key, the key counts at once. Where both a short choice ("1")
and a longer number ("1234") are possible, the pause decides.

`*` on its own is an entry ("*"); after other keys it wipes them, so that a slip can be mended.
The end key on its own is nothing, unless it is one of the choices.

Key 0 fetches an agent, anywhere. At a question that takes one key, or none, it counts at once,
unless 0 is one of the choices. In a longer number 0 is a digit like any other; there "0" and then
the end key, or "0" and a pause, is the entry "0", which the dialogue reads as a call for an agent.

Without an open question, or at one that has no keys, presses are collected the same way with a
short pause, so that a number keyed at the wrong moment is one misunderstanding and not eleven.
"""

from __future__ import annotations

from voicebot.dialplan.model import Keys

AGENT_KEY = "0"
WIPE_KEY = "*"
NO_QUESTION = Keys(max_keys=32, min_keys=1, end_key="#", inter_key_ms=1500)
"""how keys are collected when nobody asked for any"""


class Keypad:
    """The entry in progress of one call."""

    def __init__(self) -> None:
        self._keys = NO_QUESTION
        self._is_asked = False
        self._entry = ""
        self._pressed_ms = 0

    @property
    def entry(self) -> str:
        """What has been pressed so far and is not finished."""
        return self._entry

    @property
    def pressed_ms(self) -> int:
        """Instant of the last key of the unfinished entry."""
        return self._pressed_ms

    def open(self, keys: Keys | None) -> None:
        """A question was asked. Keys already pressed stay: callers who know the way press ahead."""
        self._is_asked = keys is not None
        self._keys = keys or NO_QUESTION

    def drop(self) -> None:
        """Forget the unfinished entry."""
        self._entry = ""

    def due_ms(self) -> int | None:
        """When the pause since the last key will finish the entry; None when nothing is pressed."""
        return self._pressed_ms + self._keys.inter_key_ms if self._entry else None

    def means_agent(self, key: str) -> bool:
        """Would this key, pressed now, fetch an agent at once?"""
        if key != AGENT_KEY or self._entry or AGENT_KEY in self._keys.choices:
            return False
        return not self._is_asked or self._keys.max_keys == 1

    def press(self, key: str, now_ms: int) -> str | None:
        """Take one key; return the entry if this key finishes it."""
        keys = self._keys
        if self.means_agent(key):
            return key
        if not (key in keys.choices and not self._entry):
            if key == WIPE_KEY:
                had_entry, self._entry = bool(self._entry), ""
                return None if had_entry else key
            if key == keys.end_key:
                return self._finish() if self._entry else None
        self._entry += key
        self._pressed_ms = now_ms
        if len(self._entry) >= keys.max_keys or self._is_whole_choice():
            return self._finish()
        return None

    def tick(self, now_ms: int) -> str | None:
        """Let time pass; return the entry if the pause has finished it."""
        due_ms = self.due_ms()
        return self._finish() if due_ms is not None and now_ms >= due_ms else None

    def _is_whole_choice(self) -> bool:
        """A choice by * or # cannot be the beginning of a number."""
        return self._entry in self._keys.choices and not self._entry.isdigit()

    def _finish(self) -> str:
        entry, self._entry = self._entry, ""
        return entry
