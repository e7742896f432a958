"""An input, or only a sign of life? One table."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conversation import ask
from voicebot.audio import silence
from voicebot.call_config import CallConfig
from voicebot.call_ear import Spoken
from voicebot.call_floor import Context, means_something
from voicebot.dialogue.api import Judgement
from voicebot.events import Hearing
from voicebot.turns import UtteranceEnded

IN_SILENCE = Context()
EARLY = Context(is_over_prompt=True, heard_share=0.3)
NEAR_END = Context(is_over_prompt=True, heard_share=0.9)
STOPPED = Context(is_over_prompt=True, heard_share=0.3, has_stopped_prompt=True)

MHM = Judgement(is_backchannel=True)
WORDS = Judgement()
YES = Judgement(is_backchannel=True, is_complete=True)
AGENT = Judgement(is_urgent=True)


@pytest.mark.parametrize(
    ("text", "speech_ms", "context", "judgement", "kind", "means"),
    [
        ("我要退款", 800, IN_SILENCE, WORDS, "free", True),
        ("我要退款", 800, EARLY, WORDS, "free", True),
        ("不是", 200, STOPPED, WORDS, "free", True),
        ("转人工", 400, EARLY, AGENT, "free", True),
        ("", 900, IN_SILENCE, MHM, "free", True),  # spoke long, not understood: ask again
        ("嗯", 200, IN_SILENCE, MHM, "yes_no", True),
        ("嗯", 200, NEAR_END, MHM, "yes_no", True),
        ("对", 200, IN_SILENCE, YES, "record", True),
        # signs of life
        ("嗯", 200, IN_SILENCE, MHM, "free", False),  # thinking
        ("嗯", 200, EARLY, MHM, "yes_no", False),  # listening: the question is not out yet
        ("对", 200, EARLY, YES, "record", False),
        ("对", 600, STOPPED, YES, "yes_no", False),
        ("", 300, IN_SILENCE, MHM, "free", False),  # a cough
        ("", 900, EARLY, MHM, "free", False),  # somebody in the room
        ("", 900, STOPPED, MHM, "free", False),
    ],
)
def test_what_means_something(
    text: Any, speech_ms: Any, context: Any, judgement: Any, kind: Any, means: Any
) -> None:
    utterance = UtteranceEnded(silence(20), speech_ms, -20.0, 0, 0)
    spoken = Spoken(1, Hearing(text), utterance, 0, 0)
    assert means_something(spoken, context, judgement, ask(kind=kind), CallConfig()) is means


@pytest.mark.parametrize(("context", "means"), [(IN_SILENCE, True), (STOPPED, True), (EARLY, False)])
def test_a_failed_recogniser_counts_unless_the_prompt_is_still_going_on(context: Any, means: Any) -> None:
    spoken = Spoken(1, Hearing(""), UtteranceEnded(silence(20), 200, -20.0, 0, 0), 0, 0, problem="E-ASR")
    assert means_something(spoken, context, MHM, None, CallConfig()) is means
