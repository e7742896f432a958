"""Who has the floor: was that an input, or only a sign of life?

Theory of operation
-------------------
People cough, say mhm, talk to others in the room. What was heard decides, together with what the
bot was doing when it began:

- Nothing understood: over a prompt it was a noise; in silence, short, too. Long speech in silence
  that gave no text is told to the dialogue, which asks again.
- A mhm over a prompt of which much was still to come: the caller is listening. Near its end, or
  after it, it answers a yes/no question; at any other question it means "I am thinking".
- Everything else is an input.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.call_config import CallConfig
from voicebot.call_ear import Spoken
from voicebot.dialogue.api import Judgement, Question


@dataclass(slots=True)
class Context:
    """What the bot was doing when the caller began to speak."""

    is_over_prompt: bool = False
    heard_share: float = 1.0
    """how much of the prompt queued last had been heard; when it was stopped, by then"""
    has_stopped_prompt: bool = False
    last_prompt: int = 0
    """id of the prompt queued last; later ones cannot have been meant"""
    is_during_request: bool = False
    """a business system was working: its answer must be told before this is taken"""


def means_something(
    spoken: Spoken, context: Context, judgement: Judgement, question: Question | None, config: CallConfig
) -> bool:
    """Is this an input for the dialogue?"""
    if spoken.problem:
        return context.has_stopped_prompt or not context.is_over_prompt
    if not spoken.hearing.text and spoken.hearing.best_expected is None:
        is_long = spoken.utterance.speech_ms >= config.empty_speech_ms
        return is_long and not context.is_over_prompt
    if not judgement.is_backchannel or judgement.is_urgent:
        return True
    if context.is_over_prompt and context.heard_share < config.heard_enough:
        return False
    return judgement.is_complete or (question is not None and question.expectation.kind == "yes_no")
