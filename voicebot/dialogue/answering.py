"""Read an answer to the open question, and decide whether to believe it.

Two witnesses: the text, which knows grammar ("not the first one"), and the audio scored
against what could be said, which knows sounds. Text decides what a sentence means; audio
decides which of several look-alikes was said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.dialogue import asking
from voicebot.dialogue.state import Filled, Open
from voicebot.dialogue.turn import Turn
from voicebot.dialplan.model import Slot
from voicebot.events import Hearing, Value
from voicebot.language import match, pinyin, records, values
from voicebot.language.normalise import normalise

SURE = 0.85
DOUBTFUL = 0.75
"""below this a value is read back for a yes"""
PROBABLE = 0.6
WORTH_ASKING = 0.35
LEANING = 0.45
CLEAR_LEAD = 2.0
"""log probability a character between the nearest candidate and the next"""
ALMOST_ALIKE = 0.6
"""pinyin distance; half of the syllables may be wrong"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the open question was answered with."""

    value: Value = None
    confidence: float = 0.0
    several: tuple[Value, ...] = ()
    """records that fit equally well"""
    is_correction: bool = False
    reason: str = ""
    """why there is no value"""

    @property
    def is_given(self) -> bool:
        return self.value is not None or bool(self.several)


NO_ANSWER = Answer(reason="nothing")


def texts_of(text: str, hearing: Hearing) -> list[str]:
    """The reading we work with, then the recogniser's other readings."""
    others = [alternative.text for alternative in hearing.alternatives if alternative.text != hearing.text]
    return [text, *others[:3]]


def read_slot(turn: Turn, slot: Slot, text: str, hearing: Hearing) -> Answer:
    """Read a value for this slot out of a sentence."""
    best = NO_ANSWER
    for at, reading in enumerate(texts_of(text, hearing)):
        answer = _read_text(turn, slot, reading)
        discounted = answer.confidence - 0.15 * at
        if answer.is_given and discounted > best.confidence:
            best = Answer(answer.value, discounted, answer.several, answer.is_correction, answer.reason)
        elif at == 0 and not answer.is_given:
            best = answer
        if best.confidence >= SURE:
            break
    return _with_audio(turn, slot, best, hearing)


def read_record(turn: Turn, slot: Slot, text: str, chosen: Sequence[Value], previous: Value = None) -> Answer:
    """Which of these records does the sentence mean?"""
    kind = turn.dialplan.types.get(slot.record)
    ctx = turn.value_context(records=tuple(chosen), record_type=kind, previous=previous)
    found = records.pick(text, tuple(chosen), kind, ctx)
    if not found.matches:
        return NO_ANSWER
    if len(found.matches) == 1:
        return Answer(chosen[found.matches[0]], found.confidence, is_correction="negation" in found.features)
    return Answer(None, found.confidence, tuple(chosen[at] for at in found.matches))


def _read_text(turn: Turn, slot: Slot, text: str) -> Answer:
    filled = turn.state.slots.get(slot.name)
    previous = filled.value if filled is not None else None
    if slot.type == "record":
        opened = turn.state.open
        if opened is not None and opened.kind == "confirm_slot" and opened.name == slot.name:
            previous = opened.value
        return read_record(turn, slot, text, asking.records_of(turn, slot), previous)
    ctx = turn.value_context(
        min_digits=slot.min_digits,
        max_digits=slot.max_digits,
        options=asking.options_of(turn, "yes_no" if slot.type == "yes_no" else slot.name),
        previous=previous,
    )
    parsed = values.parse(slot.type, text, ctx)
    return Answer(parsed.value, parsed.confidence, is_correction=parsed.is_correction, reason=parsed.reason)


def _with_audio(turn: Turn, slot: Slot, answer: Answer, hearing: Hearing) -> Answer:
    """Let the audio choose among look-alikes, and speak where the text is silent."""
    if slot.type in ("digits", "phone", "account") and hearing.digits:
        fitting = [
            entry for entry in hearing.digits if slot.min_digits <= len(entry.text) <= (slot.max_digits or 99)
        ]
        if fitting and not answer.is_correction:
            return Answer(fitting[0].text, max(hearing.confidence, PROBABLE))
    heard = hearing.best_expected
    if heard is None:
        heard = None if answer.is_given else _leaning(hearing)
        if heard is None:
            return answer
        return Answer(_value_of(turn, slot, heard), LEANING)
    value = _value_of(turn, slot, heard)
    if value is None:
        return answer
    agrees = answer.value == value or value in answer.several
    if agrees:
        return Answer(value, max(answer.confidence, hearing.confidence), is_correction=answer.is_correction)
    if not answer.is_given:
        return Answer(value, hearing.confidence) if hearing.confidence >= PROBABLE else answer
    by_sound = slot.type in ("record", "digits", "phone", "account") and not answer.is_correction
    if by_sound and hearing.confidence >= SURE and hearing.confidence > answer.confidence:
        return Answer(value, hearing.confidence)
    return answer


def _value_of(turn: Turn, slot: Slot, heard: str) -> Value:
    """The value behind the name of a candidate."""
    if slot.type == "record":
        known = asking.records_of(turn, slot)
        return next((record for record in known if asking.key_of(record) == heard), None)
    return heard


def _leaning(hearing: Hearing) -> str | None:
    """The candidate that the sound is nearest to, when it is not near enough to be believed.

    Worth a "did you say ...?": it sounds much more like one candidate than like any other, and what
    was read has about the same syllables.
    """
    if len(hearing.ranked) < 2:
        return None
    best = hearing.ranked[0]
    others = [ranked.score for ranked in hearing.ranked[1:] if ranked.value != best.value]
    if not others or best.score - others[0] < CLEAR_LEAD:
        return None
    text = normalise(hearing.text)
    length = len(pinyin.syllables(best.saying))
    if len(pinyin.syllables(text)) > length + 1:
        return None
    return best.value if pinyin.distance(text, best.saying) <= ALMOST_ALIKE else None


def read_yes_no(turn: Turn, text: str, hearing: Hearing) -> Answer:
    """True, False, or nothing, for confirmations."""
    ctx = turn.value_context(options=asking.options_of(turn, "yes_no"))
    best = NO_ANSWER
    for at, reading in enumerate(texts_of(text, hearing)[:2]):
        parsed = values.parse("yes_no", reading, ctx)
        if parsed.value is not None and parsed.confidence - 0.15 * at > best.confidence:
            best = Answer(
                _as_flag(parsed.value), parsed.confidence - 0.15 * at, is_correction=parsed.is_correction
            )
    if best.is_given or hearing.best_expected not in ("yes", "no"):
        return best
    if hearing.confidence >= PROBABLE and len(text.replace(" ", "")) <= 4:
        return Answer(hearing.best_expected == "yes", hearing.confidence)
    return best


_ECHO = re.compile(
    r"^(?:好|那就|那|麻烦|请)?(?P<verb>[一-鿿]{1,2}?)(?:一?个|一下|一条|给我)?(?:吧|呗|啊|嘛|谢谢)+$"
)


def echoes(text: str, said: Sequence[str]) -> bool:
    """Is the question's own verb given back as a yes: 「要我发给您吗」 「发一个吧」?"""
    found = _ECHO.match(text.replace(" ", ""))
    if found is None or found["verb"][0] in "不没别甭算等再":
        return False
    asked = next((one for one in reversed(said) if one.endswith(("吗？", "吗", "好吗？", "吧？"))), "")
    return found["verb"] in asked


def _as_flag(value: Value) -> Value:
    return {"yes": True, "no": False}.get(value, value) if isinstance(value, str) else value


def read_key(turn: Turn, slot: Slot, keys: str) -> Answer:
    """A finished entry as the value of a slot."""
    layout = asking.keys_of(turn, slot)
    if layout is not None and layout.choices:
        chosen = layout.choices.get(keys)
        return Answer(chosen, 1.0) if chosen is not None else NO_ANSWER
    if slot.type == "record":
        kind = turn.dialplan.types.get(slot.record)
        tail = kind.tail if kind else ""
        fitting = [
            record
            for record in asking.records_of(turn, slot)
            if tail and str(record.get(tail) or "").endswith(keys)
        ]
        if len(fitting) == 1:
            return Answer(fitting[0], 1.0)
        return Answer(None, 1.0, tuple(fitting)) if fitting else NO_ANSWER
    if slot.type == "money":
        return Answer(int(keys) * 100, 1.0)
    ctx = turn.value_context(min_digits=slot.min_digits, max_digits=slot.max_digits)
    parsed = values.parse(slot.type, keys, ctx)
    return Answer(parsed.value, 1.0) if parsed.value is not None else NO_ANSWER


# --- Believing ---------------------------------------------------------------------------


def settle(turn: Turn, slot: Slot, answer: Answer, *, by_key: bool = False) -> None:
    """Take an answer by the slot's policy: as it is, said back in passing, or read back for a yes."""
    if answer.several:
        turn.state.open = None
        asking.put_offer(turn, slot, answer.several)
        return
    policy = _policy(slot, answer.confidence, by_key=by_key)
    if policy == "explicit":
        turn.state.open = None
        asking.put_confirm_slot(turn, slot, answer.value, confidence=answer.confidence)
        return
    if policy == "implied":
        turn.say("implied_value", {"value": asking.shown(turn, slot, answer.value)})
    fill(turn, slot, answer.value, answer.confidence, is_confirmed=by_key)


def _policy(slot: Slot, confidence: float, *, by_key: bool) -> str:
    """How to take a value: keys are exact, and a doubtful value is never taken in passing."""
    if by_key:
        return "never"
    if slot.confirm == "auto":
        if confidence >= SURE:
            return "never"
        return "implied" if confidence >= DOUBTFUL else "explicit"
    is_doubtful = confidence < (PROBABLE if slot.confirm == "never" else DOUBTFUL)
    return "explicit" if is_doubtful else slot.confirm


def fill(turn: Turn, slot: Slot, value: Value, confidence: float, *, is_confirmed: bool = False) -> None:
    """Put a value into its slot; what depends on it must be asked again when it has changed."""
    state = turn.state
    before = state.slots.get(slot.name)
    state.slots[slot.name] = Filled(value, confidence, is_confirmed)
    state.open = None
    if state.stack:
        state.stack[-1].attempts = 0
        state.stack[-1].silences = 0
    state.failures_in_a_row = 0
    shown = "***" if slot.is_secret else asking.key_of(value)
    turn.note("slot", slot=slot.name, value=shown, confidence=round(confidence, 2))
    if before is not None and before.value != value:
        for other in turn.dialplan.slots.values():
            if slot.name in other.depends_on and other.name in state.slots:
                del state.slots[other.name]
                turn.note("slot", slot=other.name, value=None, confidence=0.0)


def answer_offer(turn: Turn, opened: Open, slot: Slot, text: str, hearing: Hearing) -> Answer:
    """Which of the records just read out?"""
    answer = read_record(turn, slot, text, opened.options)
    if len(answer.several) == 0 and answer.value is not None:
        return answer
    heard = next((one for one in opened.options if asking.key_of(one) == hearing.best_expected), None)
    if heard is not None and hearing.confidence >= PROBABLE:
        return Answer(heard, hearing.confidence)
    wider = read_record(turn, slot, text, asking.records_of(turn, slot))
    return wider if wider.value is not None else answer


def mentioned(turn: Turn, slot: Slot, text: str) -> Answer:
    """A value for a slot nobody asked about, only when it is said clearly."""
    if slot.type == "choice":
        found = match.best(text, asking.options_of(turn, slot.name))
        sure = found.value is not None and found.score >= SURE
        return Answer(found.value, found.score) if sure else NO_ANSWER
    if slot.type == "record":
        answer = read_record(turn, slot, text, asking.records_of(turn, slot))
        return answer if answer.is_given and answer.confidence >= PROBABLE else NO_ANSWER
    if slot.type in ("date", "money", "phone"):
        answer = _read_text(turn, slot, text)
        return answer if answer.is_given and answer.confidence >= SURE else NO_ANSWER
    return NO_ANSWER
