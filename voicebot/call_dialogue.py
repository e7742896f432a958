"""The dialogue as the call sees it: a state moved on by inputs, and never an exception."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from voicebot.dialogue.api import Action, Broken, Input, Judgement
from voicebot.events import Hearing
from voicebot.faults import place_of


class Dialogue(Protocol):
    """What the call needs of the dialogue. The state is opaque and never changed in place."""

    def start(self) -> Any: ...

    def advance(self, state: Any, given: Input) -> tuple[Any, tuple[Action, ...]]: ...

    def judge(self, state: Any, heard: Hearing) -> Judgement: ...


class Conversation:
    """One call's thread of a dialogue. A fault of a script, or of its code, ends the turn only."""

    def __init__(self, dialogue: Dialogue, problem: Callable[..., None]) -> None:
        """problem: journals a code with its data."""
        self._dialogue = dialogue
        self._problem = problem
        self.state: Any = dialogue.start()

    def advance(self, given: Input) -> tuple[Action, ...] | None:
        """Give one input; None when not even an apology could be had."""
        try:
            self.state, actions = self._dialogue.advance(self.state, given)
        except Exception as error:  # the state is as it was: the turn is lost, the call is not
            self._problem("E-DIALOGUE", error=type(error).__name__, at=place_of(error))
            return None if isinstance(given, Broken) else self.advance(Broken("E-DIALOGUE"))
        return actions

    def judge(self, hearing: Hearing) -> Judgement:
        """An opinion about what was heard; a missing one is not worth a turn."""
        try:
            return self._dialogue.judge(self.state, hearing)
        except Exception as error:  # see above
            self._problem("E-DIALOGUE-JUDGE", error=type(error).__name__, at=place_of(error))
            return Judgement(is_backchannel=not hearing.text)
