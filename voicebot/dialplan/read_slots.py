"""The head of flow.yaml and its slots."""

from __future__ import annotations

from dataclasses import dataclass, field

from voicebot.dialplan.model import CONFIRM_POLICIES, SLOT_TYPES, Keys, Limits, Place, Slot
from voicebot.dialplan.reading import Reader
from voicebot.dialplan.types import RESERVED
from voicebot.dialplan.yamltree import List, Map, Node, Scalar

FLOW_FILE_KEYS = (
    "line",
    "title",
    "numbers",
    "languages",
    "voices",
    "include",
    "opening",
    "limits",
    "record_calls",
    "recording_notice",
    "slots",
    "flows",
)
SLOT_KEYS = (
    "type",
    "from",
    "record",
    "choices",
    "ask",
    "offer",
    "guess",
    "confirm",
    "confirm_prompt",
    "keys",
    "digits",
    "silence_ms",
    "no_input_ms",
    "depends_on",
    "secret",
    "on_fail",
)
_ONLY_FOR = {
    "from": ("record",),
    "record": ("record",),
    "offer": ("record",),
    "choices": ("choice",),
    "digits": ("digits", "account", "phone"),
}
_MADE_OF_DIGITS = ("digits", "account", "phone")
PHONE_KEYS = frozenset("0123456789*#")

_PLAIN = Slot("", Place("", 0, 0), "text", ())
DEFAULT_SILENCE_MS = _PLAIN.silence_ms
DEFAULT_NO_INPUT_MS = _PLAIN.no_input_ms
DEFAULT_ON_FAIL = _PLAIN.on_fail
DEFAULT_INTER_KEY_MS = Keys(1).inter_key_ms


@dataclass(slots=True)
class Head:
    """What one flow.yaml says about the line. None where it says nothing: an included part may."""

    place: Place
    line: str = ""
    title: str | None = None
    numbers: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    voices: dict[str, str] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    opening: str | None = None
    limits: dict[str, int] = field(default_factory=dict)
    record_calls: bool | None = None
    recording_notice: str | None = None

    def over(self, other: Head) -> Head:
        """This head on top of an included one."""

        return Head(
            place=self.place,
            line=self.line,
            title=other.title if self.title is None else self.title,
            numbers=other.numbers if self.numbers is None else self.numbers,
            languages=other.languages if self.languages is None else self.languages,
            voices={**other.voices, **self.voices},
            include=self.include,
            opening=other.opening if self.opening is None else self.opening,
            limits={**other.limits, **self.limits},
            record_calls=other.record_calls if self.record_calls is None else self.record_calls,
            recording_notice=other.recording_notice
            if self.recording_notice is None
            else self.recording_notice,
        )

    def limit_values(self) -> Limits:
        default = Limits()
        return Limits(
            failures=self.limits.get("failures", default.failures),
            turns=self.limits.get("turns", default.turns),
            call_ms=self.limits.get("call_minutes", default.call_ms // 60_000) * 60_000,
        )


def read_head(top: Map, reader: Reader) -> Head:
    """Everything of flow.yaml that is neither slot nor flow."""
    head = Head(top.place)
    line = top.get("line")
    if line is not None:
        head.place = line.place
        head.line = reader.text(line, "line")
    head.include = reader.names(top.get("include"), "include")
    if top.get("title") is not None:
        head.title = reader.text(top.get("title"), "title")
    if top.get("numbers") is not None:
        head.numbers = reader.texts(top.get("numbers"), "numbers")
    languages = top.get("languages")
    if languages is not None:
        head.languages = tuple(dict.fromkeys(reader.texts(languages, "languages")))
    for key, node in reader.entries(top.get("voices"), "voices"):
        reader.refer("language", key.text, key.place)
        head.voices[key.text] = reader.name(node, "voice", "voice")
    if top.get("opening") is not None:
        head.opening = reader.name(top.get("opening"), "opening", "flow")
    for key, node in reader.entries(top.get("limits"), "limits"):
        ranges = {"failures": (1, 50), "turns": (5, 500), "call_minutes": (1, 240)}
        if key.text not in ranges:
            reader.error(key, f'limits has no key "{key.text}"', "known: " + ", ".join(ranges), "unknown-key")
            continue
        low, high = ranges[key.text]
        head.limits[key.text] = reader.integer(node, key.text, low, low, high)
    if top.get("record_calls") is not None:
        head.record_calls = reader.flag(top.get("record_calls"), "record_calls")
    if top.get("recording_notice") is not None:
        head.recording_notice = reader.name(top.get("recording_notice"), "recording_notice", "prompt")
    return head


# --- Slots -----------------------------------------------------------------------------


def read_slot(key: Scalar, node: Node, reader: Reader) -> Slot:
    """One slot. Its record type may still be unknown: it follows from the fact it chooses from."""
    reader.notes.spots[reader.owner] = key.place
    if key.text in RESERVED:
        reader.error(
            key, f'a slot cannot be called "{key.text}"', "the bot fills this name itself", "reserved-name"
        )
    body = reader.mapping(node, reader.by) or Map(node.place, ())
    reader.keys(body, SLOT_KEYS, reader.by)
    kind = body.get("type")
    if kind is None:
        reader.error(
            key, f"{reader.by} has no type", "write type: one of " + ", ".join(SLOT_TYPES), "missing-key"
        )
    slot_type = reader.one_of(kind, "type", SLOT_TYPES, "text")
    for name, allowed in _ONLY_FOR.items():
        at = body.get(name)
        if at is not None and kind is not None and slot_type not in allowed:
            reader.error(
                at,
                f'{reader.by} is of type {slot_type} and has no use for "{name}"',
                f"delete it, or make the type {' or '.join(allowed)}",
                "useless-key",
            )
    if slot_type == "record" and body.get("from") is None:
        reader.error(
            key,
            f"{reader.by} does not say what it chooses from",
            "write from: the fact with the list",
            "missing-key",
        )
    if slot_type == "choice" and body.get("choices") is None:
        reader.error(key, f"{reader.by} has no choices", "write choices: [first, second]", "missing-key")
    low, high = _digits(body.get("digits"), reader) if slot_type in _MADE_OF_DIGITS else (0, 0)
    record = reader.name(body.get("record"), "record", "type")
    return Slot(
        name=key.text,
        place=key.place,
        type=slot_type,
        ask=reader.names(body.get("ask"), "ask", "prompt"),
        confirm=reader.one_of(body.get("confirm"), "confirm", CONFIRM_POLICIES, "auto"),
        confirm_prompt=reader.name(body.get("confirm_prompt"), "confirm_prompt", "prompt"),
        choices=reader.texts(body.get("choices"), "choices"),
        source=reader.name(body.get("from"), "from", "fact"),
        record=record,
        offer=reader.name(body.get("offer"), "offer", "prompt"),
        guess=reader.expression(body.get("guess"), "guess"),
        keys=_keys(body.get("keys"), slot_type, (low, high), reader),
        min_digits=low,
        max_digits=high,
        silence_ms=reader.integer(body.get("silence_ms"), "silence_ms", DEFAULT_SILENCE_MS, 200, 3000),
        no_input_ms=reader.integer(body.get("no_input_ms"), "no_input_ms", DEFAULT_NO_INPUT_MS, 1000, 60_000),
        depends_on=reader.names(body.get("depends_on"), "depends_on", "slot"),
        is_secret=reader.flag(body.get("secret"), "secret"),
        on_fail=reader.name(body.get("on_fail"), "on_fail", "flow") or DEFAULT_ON_FAIL,
    )


def _digits(node: Node | None, reader: Reader) -> tuple[int, int]:
    """`digits: 4` or `digits: [8, 11]`."""
    if node is None:
        return 0, 0
    if not isinstance(node, List):
        exactly = reader.integer(node, "digits", 0, 1, 30)
        return exactly, exactly
    items = node.items
    if len(items) != 2:
        reader.error(
            node, "digits must be one number, or least and most", "write digits: 4, or digits: [8, 11]"
        )
        return 0, 0
    low, high = (reader.integer(item, "digits", 0, 1, 30) for item in items)
    if low > high:
        reader.error(
            node,
            f"digits: the least ({low}) is more than the most ({high})",
            "write the smaller first",
            "out-of-range",
        )
        return high, low
    return low, high


def _keys(node: Node | None, slot_type: str, digits: tuple[int, int], reader: Reader) -> Keys | None:
    """How the slot is keyed in. What is made of digits can always be keyed."""
    low, high = digits
    if node is None:
        if slot_type not in _MADE_OF_DIGITS:
            return None
        return Keys(max_keys=high or 20, min_keys=low or 1)
    if isinstance(node, Scalar):
        return Keys(max_keys=reader.integer(node, "keys", 1, 1, 30), min_keys=1)
    body = reader.mapping(node, "keys")
    if body is None:
        return None
    for key, _ in body.entries:
        if key.text not in ("max", "min", "end", "inter_key_ms", "choices"):
            reader.error(
                key,
                f'keys has no key "{key.text}"',
                "known: max, min, end, inter_key_ms, choices",
                "unknown-key",
            )
    choices: dict[str, str] = {}
    for key, value in reader.entries(body.get("choices"), "keys.choices"):
        if not key.text or not set(key.text) <= PHONE_KEYS:
            reader.error(
                key, f'"{key.text}" is not on a telephone keypad', "keys are 0-9, * and #", "bad-key"
            )
        choices[key.text] = reader.text(value, f'key "{key.text}"')
        reader.notes.spots[(*reader.owner, "keys", key.text)] = value.place
    longest = max((len(keys) for keys in choices), default=high or 20)
    most = reader.integer(body.get("max"), "keys.max", longest, 1, 30)
    least = reader.integer(body.get("min"), "keys.min", low or 1, 1, 30)
    if least > most:
        reader.error(node, f"keys: min ({least}) is more than max ({most})", "swap them", "out-of-range")
        least = most
    end = reader.text(body.get("end"), "keys.end", "#")
    if len(end) > 1 or not set(end) <= PHONE_KEYS:
        reader.error(node, f'the end key cannot be "{end}"', 'write end: "#" or end: "*"', "bad-key")
        end = "#"
    return Keys(
        max_keys=most,
        min_keys=min(least, most),
        end_key=end,
        inter_key_ms=reader.integer(
            body.get("inter_key_ms"), "inter_key_ms", DEFAULT_INTER_KEY_MS, 500, 20_000
        ),
        choices=choices,
    )
