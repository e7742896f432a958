"""A hotline in text for tests: speak, press, wait, and see what it says and does.

Runs the real dialogue on a real dialplan without sound or time; the business systems are
a dictionary from operation to an answer, a function, or an error code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from voicebot.dialogue import Dialogue, api
from voicebot.dialogue.state import State
from voicebot.events import Hearing, Value

NOON = datetime(2026, 11, 21, 12, 0)


class Refusal(Exception):
    """A business system says no, with a code."""


Answers = Mapping[str, Value | Callable[..., Value]]


class Line:
    """One call in text."""

    def __init__(self, dialogue: Dialogue, answers: Answers, *, ani: str = "+8613800001234", seed: int = 1):
        self.dialogue = dialogue
        self.answers = dict(answers)
        self.state: State = dialogue.start()
        self.said: list[str] = []
        """sentences of the last turn"""
        self.everything: list[str] = []
        self.done: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str] = []
        self.question: api.Question | None = None
        self.hand_over: api.HandOver | None = None
        self.finished: str | None = None
        self.notes: list[api.Note] = []
        self._take(api.Begin("CA1", ani, "+85258081000", NOON, seed))

    def caller_says(self, text: str, **hearing: Any) -> Line:
        self.said = []
        self._take(api.CallerSaid(Hearing(text=text, **hearing)))
        return self

    def presses(self, keys: str) -> Line:
        self.said = []
        self._take(api.CallerKeyed(keys))
        return self

    def silence(self) -> Line:
        self.said = []
        self._take(api.CallerSilent())
        return self

    def agents_are_busy(self) -> Line:
        self.said = []
        self._take(api.HandOverEnded("failed"))
        return self

    def hears(self, *fragments: str) -> Line:
        text = "".join(self.said)
        for fragment in fragments:
            assert fragment in text, f"{fragment!r} not in {text!r}"
        return self

    def does_not_hear(self, *fragments: str) -> Line:
        text = "".join(self.said)
        for fragment in fragments:
            assert fragment not in text, f"{fragment!r} in {text!r}"
        return self

    def asks(self, name: str) -> Line:
        assert self.question is not None
        assert self.question.name == name, f"asks {self.question.name!r}: {self.said}"
        return self

    def has_done(self, operation: str, **arguments: Any) -> Line:
        found = [given for name, given in self.done if name == operation]
        assert any(arguments.items() <= given.items() for given in found), (
            f"{operation}: {found or self.done}"
        )
        return self

    def has_not_done(self, operation: str) -> Line:
        assert operation not in [name for name, _ in self.done]
        return self

    def is_transferred_to(self, queue: str) -> Line:
        assert self.hand_over is not None, f"not transferred: {self.said}"
        assert self.hand_over.queue == queue
        return self

    def ends(self) -> Line:
        assert self.finished is not None, f"not finished: {self.said}"
        return self

    def _take(self, given: api.Input) -> None:
        self.state, actions = self.dialogue.advance(self.state, given)
        for action in actions:
            match action:
                case api.SayAction():
                    self.said.append(action.text)
                    self.everything.append(action.text)
                case api.Question():
                    self.question = action
                case api.HandOver():
                    self.hand_over = action
                case api.Finish():
                    self.finished = action.reason
                case api.Note():
                    self.notes.append(action)
                case api.Fetch():
                    self._fetch(action)

    def _fetch(self, fetch: api.Fetch) -> None:
        answer = self.answers.get(fetch.operation)
        try:
            result = answer(**fetch.arguments) if callable(answer) else answer
        except Refusal as refusal:
            self._take(api.Refused(fetch.request_id, str(refusal)))
            return
        if fetch.is_write:
            self.done.append((fetch.operation, dict(fetch.arguments)))
            assert fetch.idempotency_key is not None
            self.keys.append(fetch.idempotency_key)
        self._take(api.Answered(fetch.request_id, result))
