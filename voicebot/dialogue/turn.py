"""The workbench of one turn: the copied state, the script, and the actions made so far."""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.dialogue import wording
from voicebot.dialogue.api import Action, Note
from voicebot.dialogue.state import Frame, State
from voicebot.dialogue.understand import Meaning
from voicebot.dialplan.model import Dialplan, Flow, Phrases, Prompt, Step
from voicebot.events import Value
from voicebot.language.parsed import ValueContext


class Turn:
    """Mutable while one input is being worked on, thrown away afterwards."""

    def __init__(self, dialplan: Dialplan, state: State, meaning: Meaning | None) -> None:
        self.dialplan = dialplan
        self.state = state
        self.meaning = meaning
        self.actions: list[Action] = []
        self.has_repeated = False

    @property
    def phrases(self) -> Phrases:
        return wording.phrases_of(self.dialplan, self.state.language)

    @property
    def frame(self) -> Frame:
        return self.state.stack[-1]

    @property
    def flow(self) -> Flow:
        return self.dialplan.flows[self.frame.flow]

    @property
    def step(self) -> Step | None:
        """The step we stand at, or None when the flow is done."""
        return self.flow.steps.get(self.frame.step)

    def say(
        self,
        name: str | Prompt,
        extra: Mapping[str, Value] | None = None,
        *,
        again: bool = False,
        is_secret: bool = False,
    ) -> bool:
        """Speak a prompt. One that cannot be filled is left out and reported, never half spoken."""
        try:
            action = wording.say(self.dialplan, self.state, name, extra, again=again, is_secret=is_secret)
        except wording.MissingValueError as error:
            self.note("problem", code="E-PROMPT-EMPTY", prompt=error.prompt, hole=error.hole)
            return False
        except KeyError:
            self.note("problem", code="E-PROMPT-UNKNOWN", prompt=str(name))
            return False
        self.actions.append(action)
        return True

    def has_prompt(self, name: str) -> bool:
        return wording.find_prompt(self.dialplan, self.state.language, name) is not None

    def note(self, kind: str, **data: Value) -> None:
        self.actions.append(Note(kind, data))

    def value_context(self, **more: Value) -> ValueContext:
        """What the value parsers need to know about this call."""
        return ValueContext(
            today=self.state.call["started_at"],
            language=self.state.language,
            wording=self.phrases.choices,
            **more,
        )

    def title(self, flow: str) -> str:
        """A few words for a flow, in the language of the call."""
        titles = self.dialplan.flows[flow].title
        return titles.get(self.state.language) or next(iter(titles.values()), flow)
