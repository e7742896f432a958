"""A little language for telling calls: a caller with a coded voice, and a tiny dialogue.

The coded voice is honest audio: each utterance has a loudness of its own, by which the recogniser
here reads its text back from the samples it is given. Half an utterance gives half the text, two
of them give both, silence gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from voicebot.call import Call, CallConfig
from voicebot.dialogue.api import (
    Action,
    Begin,
    Broken,
    CallerKeyed,
    CallerSaid,
    CallerSilent,
    Fetch,
    Finish,
    HandOverEnded,
    Input,
    Judgement,
    Late,
    Question,
    SayAction,
)
from voicebot.dialplan.model import Keys
from voicebot.events import (
    CallStarted,
    ClearPlayout,
    Command,
    Expectation,
    HangUp,
    Hearing,
    Journal,
    Recognise,
    Samples,
    SendAudio,
)
from voicebot.virtual import VirtualLine

STARTED = CallStarted("CA1", "MZ1", "+8613800000000", "+8695188", datetime(2026, 11, 11, 10, 0), seed=7)
BASE = 6000
STEP = 40


class CodedVoice:
    """Speech whose loudness says what is said."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def say(self, text: str, for_ms: int) -> Samples:
        self.texts.append(text)
        code = BASE + STEP * len(self.texts)
        wave = np.full(for_ms * 8, code, dtype=np.int16)
        wave[::2] *= -1
        return wave

    def recognise(self, command: Recognise) -> Hearing:
        found = []
        for n, text in enumerate(self.texts):
            share = np.count_nonzero(np.abs(command.samples.astype(int)) == BASE + STEP * (n + 1))
            if share > 400:
                found.append(text)
        return Hearing("".join(found))


def say(text: str, **how: Any) -> SayAction:
    return SayAction(how.pop("prompt", "p"), text, text, "voice", **how)


def ask(
    *,
    kind: str = "free",
    keys: Keys | None = None,
    no_input_ms: int = 6000,
    silence_ms: int = 700,
    **more: Any,
) -> Question:
    return Question(Expectation(kind), silence_ms, no_input_ms, keys, **more)


def fetch(request_id: int = 1, *, is_write: bool = False, timeout_ms: int = 2000) -> Fetch:
    key = "k" if is_write else None
    return Fetch(request_id, "list_orders", {}, timeout_ms, key, is_write)


Rule = tuple[Action, ...] | Callable[[Input], tuple[Action, ...]]


@dataclass
class TinyDialogue:
    """Answers each caller text by a table; keeps what it was given. The state counts inputs."""

    answers: Mapping[str, Rule] = field(default_factory=dict)
    """caller text, "#" + keys, or the name of an input class -> actions"""
    backchannels: tuple[str, ...] = ("嗯", "对", "好")
    complete: tuple[str, ...] = ()
    given: list[Input] = field(default_factory=list)

    def start(self) -> int:
        return 0

    def advance(self, state: int, given: Input) -> tuple[int, tuple[Action, ...]]:
        self.given.append(given)
        rule = self.answers.get(self._name(given), self.answers.get(type(given).__name__))
        if rule is None:
            rule = self._usual(given)
        return state + 1, rule(given) if callable(rule) else rule

    def judge(self, state: int, heard: Hearing) -> Judgement:
        return Judgement(
            is_backchannel=not heard.text or heard.text in self.backchannels,
            is_complete=heard.text in self.complete,
            is_unfinished=heard.text.endswith("然后"),
            is_urgent="人工" in heard.text,
        )

    def _name(self, given: Input) -> str:
        if isinstance(given, CallerSaid):
            return given.hearing.text
        return f"#{given.keys}" if isinstance(given, CallerKeyed) else type(given).__name__

    def _usual(self, given: Input) -> tuple[Action, ...]:
        match given:
            case Begin():
                return (say("您好请说"), ask())
            case CallerSaid():
                return (say(f"好的{given.hearing.text}"), ask())
            case CallerKeyed():
                return (say(f"您按了{given.keys}"), ask())
            case CallerSilent():
                return (say("您还在吗"),)
            case Broken():
                return (say("抱歉出了点问题"), ask())
            case Late():
                return (say("请稍等"),)
            case HandOverEnded(outcome="failed"):
                return (say("抱歉同事都在忙"), ask())
            case _:
                return ()


class Conversation:
    """One call on a virtual line, told in the words of a script writer."""

    def __init__(
        self,
        answers: Mapping[str, Rule] | None = None,
        *,
        config: CallConfig | None = None,
        dialogue: TinyDialogue | None = None,
        greeted: bool = True,
        **line: Any,
    ) -> None:
        self.dialogue = dialogue or TinyDialogue(answers or {})
        self.voice = CodedVoice()
        self.call = Call(self.dialogue, config)
        self.line = VirtualLine(self.call, **{"recognise": self.voice.recognise, **line})
        self.line.start(STARTED)
        if greeted:
            self.line.run_until_quiet()

    # --- the caller ---

    def says(self, text: str, *, for_ms: int = 800) -> Conversation:
        """Speak, then let the call run until the bot waits again."""
        self.begins_to_say(text, for_ms=for_ms)
        self.line.run_for(for_ms + 20)
        self.line.run_until_quiet()
        return self

    def begins_to_say(self, text: str, *, for_ms: int = 800) -> Conversation:
        self.line.speak(self.voice.say(text, for_ms))
        return self

    def makes_noise(self, for_ms: int) -> Conversation:
        wave = np.full(for_ms * 8, 5000, dtype=np.int16)
        wave[::2] *= -1
        self.line.speak(wave)
        return self

    def presses(self, keys: str) -> Conversation:
        for key in keys:
            self.line.press(key)
            self.line.run_for(200)
        return self

    def after(self, for_ms: int) -> Conversation:
        self.line.run_for(for_ms)
        return self

    def until_quiet(self) -> Conversation:
        self.line.run_until_quiet()
        return self

    # --- what can be asserted ---

    @property
    def bot_said(self) -> list[str]:
        return [str(j.data["text"]) for j in self.line.journal("bot_says")]

    @property
    def given(self) -> list[Input]:
        return self.dialogue.given

    @property
    def said_to_dialogue(self) -> list[str]:
        """Texts and #keys the dialogue was given, in order."""
        return [
            name
            for g in self.given
            if isinstance(g, CallerSaid | CallerKeyed)
            for name in [self.dialogue._name(g)]
        ]

    @property
    def problems(self) -> list[str]:
        return [str(j.data["code"]) for j in self.line.journal("problem")]

    @property
    def hung_up(self) -> str | None:
        return next((c.reason for _, c in self.line.commands(HangUp)), None)

    def times_of(self, kind: type[Command]) -> list[int]:
        return [at for at, _ in self.line.commands(kind)]

    @property
    def clears(self) -> list[int]:
        return self.times_of(ClearPlayout)

    @property
    def audio_sent(self) -> list[int]:
        return self.times_of(SendAudio)

    @property
    def turns(self) -> list[Journal]:
        return self.line.journal("turn")


def finish(text: str = "再见") -> tuple[Action, ...]:
    return (say(text), Finish("goodbye"))
