"""The journal of one call: what was said, keyed, asked and what went wrong; never a secret."""

from __future__ import annotations

from collections.abc import Callable

from voicebot.dialogue.api import CallerKeyed, CallerSaid, Question, SayAction
from voicebot.events import Command, Hearing, Journal, Value

MASK = "•••"
"""stands for secret text and keys"""


class CallJournal:
    """Writes lines; knows whether the open question is secret."""

    def __init__(self, emit: Callable[[Command], None]) -> None:
        self._emit = emit
        self._is_secret = False

    def write(self, kind: str, **data: Value) -> None:
        self._emit(Journal(kind, data))

    def problem(self, code: str, **data: Value) -> None:
        """Something went wrong; code is what operators search for."""
        self.write("problem", code=code, **data)

    def opened(self, question: Question) -> None:
        """From now on the caller's words and keys answer this question."""
        self._is_secret = question.is_secret
        self.write("question", name=question.name, is_secret=question.is_secret)

    def bot_says(self, action: SayAction, prompt_id: int) -> None:
        text = MASK if action.is_secret else action.text
        self.write("bot_says", prompt=action.prompt, text=text, prompt_id=prompt_id)

    def pressed(self, key: str) -> None:
        self.write("key", key=self._masked(key))

    def caller(self, turn: int, given: CallerSaid | CallerKeyed, *, taken: str) -> None:
        """taken: "yes", or "kept" for later."""
        if isinstance(given, CallerKeyed):
            self.write("caller_says", turn=turn, keys=self._masked(given.keys), taken=taken)
            return
        manner = given.manner
        self.caller_text(
            turn,
            given.hearing,
            taken=taken,
            interrupted=manner.interrupted,
            heard_share=round(manner.heard_share, 2),
            speech_ms=manner.speech_ms,
            loudness_db=manner.loudness_db,
        )

    def caller_text(self, turn: int, hearing: Hearing, *, taken: str, **manner: Value) -> None:
        """taken: "no" for what was only a sign of life."""
        self.write(
            "caller_says",
            turn=turn,
            text=self._masked(hearing.text),
            language=hearing.language,
            confidence=round(hearing.confidence, 3),
            took_ms=hearing.took_ms,
            taken=taken,
            **manner,
        )

    def _masked(self, text: str) -> str:
        return MASK if self._is_secret else text
