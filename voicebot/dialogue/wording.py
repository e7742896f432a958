"""Choose the wording of a prompt and fill its holes.

No wording twice in a row; the one for the caller's mood where there is one; the short
form when we come back to a question. Choice is by the call's seed, so that a replay says
the same words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from voicebot.dialogue.api import SayAction
from voicebot.dialogue.state import Said, State
from voicebot.dialplan.model import Dialplan, Phrases, Prompt, Variant
from voicebot.events import Value
from voicebot.language import speak


class MissingValueError(Exception):
    """Every wording of a prompt needs a value that is not there."""

    def __init__(self, prompt: str, hole: str) -> None:
        super().__init__(f"prompt {prompt!r} needs {{{hole}}}, which is empty in this call")
        self.prompt = prompt
        self.hole = hole


def phrases_of(dialplan: Dialplan, language: str) -> Phrases:
    """The phrases of a language; the first language's where a line has none."""
    return dialplan.phrases.get(language) or dialplan.phrases[dialplan.languages[0]]


def find_prompt(dialplan: Dialplan, language: str, name: str) -> Prompt | None:
    """A prompt in this language, else in the line's first one."""
    here = dialplan.prompts.get(language, {})
    return here.get(name) or dialplan.prompts[dialplan.languages[0]].get(name)


def say(
    dialplan: Dialplan,
    state: State,
    name: str | Prompt,
    extra: Mapping[str, Value] | None = None,
    *,
    again: bool = False,
    is_secret: bool = False,
) -> SayAction:
    """Word one prompt; remembers in `state` which wording was used.

    name: of a prompt of the line, or a prompt itself, such as a knowledge answer.
    extra: values that exist only for this prompt, such as `option`.
    Raises MissingValueError when no wording can be filled, KeyError when there is no such prompt.
    """
    prompt = find_prompt(dialplan, state.language, name) if isinstance(name, str) else name
    if prompt is None:
        raise KeyError(name)
    name = prompt.name
    values = {**state.values(), **(extra or {})}
    wording = phrases_of(dialplan, prompt.language).choices
    missing = ""
    for index, variant in _in_order_of_preference(prompt, state, again=again):
        try:
            text, spoken = speak.render(
                variant,
                values,
                language=prompt.language,
                wording=wording,
                today=state.call.get("started_at"),
            )
        except (KeyError, ValueError) as error:
            missing = str(error.args[0]) if error.args else name
            continue
        used = state.variants.setdefault(name, [])
        used.append(index)
        del used[:-8]
        state.saying.append(Said(name, text, spoken, prompt.is_interruptible, is_secret))
        state.transcript.append(("bot", text))
        return voiced(dialplan, state, state.saying[-1])
    raise MissingValueError(name, missing)


def voiced(dialplan: Dialplan, state: State, said: Said) -> SayAction:
    """One sentence in the voice, pace and loudness the call has now."""
    return SayAction(
        prompt=said.prompt,
        text=said.text,
        spoken=said.spoken,
        voice=dialplan.voices.get(state.language) or dialplan.voices[dialplan.languages[0]],
        pace=round(state.pace, 2),
        gain_db=state.gain_db,
        is_interruptible=said.is_interruptible,
        is_secret=said.is_secret,
    )


def _in_order_of_preference(prompt: Prompt, state: State, *, again: bool) -> list[tuple[int, Variant]]:
    """All usable wordings, best first: mood first, then least recently used, then by seed.

    Indices of `again` wordings start at 1000, so that both kinds share one memory.
    """
    numbered = list(enumerate(prompt.variants))
    if again and prompt.again:
        numbered = [(1000 + index, variant) for index, variant in enumerate(prompt.again)]
    usable = [(index, variant) for index, variant in numbered if variant.mood in ("", state.mood)]
    used = state.variants.get(prompt.name, [])

    def preference(item: tuple[int, Variant]) -> tuple[int, int, int]:
        index, variant = item
        last_use = max((at for at, was in enumerate(used) if was == index), default=-1)
        return (0 if variant.mood else 1, last_use, _draw(state.seed, prompt.name, index))

    ordered = sorted(usable or numbered, key=preference)
    if len(ordered) > 1 and used and ordered[0][0] == used[-1]:
        ordered.append(ordered.pop(0))
    return ordered


def _draw(seed: int, name: str, index: int) -> int:
    """A number that looks random and is always the same."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}/{index}".encode()).digest()[:4], "big")
