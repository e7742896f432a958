"""The script of one hotline, as data.

`load.py` makes these objects from YAML, `check.py` reads them, `dialogue/` follows them.
A flow is a flat table of steps: nested YAML blocks (`then`, `yes`, `errors` ...) become
step ids, so that a position in the script is one (flow, step) pair, easy to store, draw,
count and resume. Everything is immutable: a published dialplan never changes under a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from voicebot.events import Vector

SLOT_TYPES = (
    "yes_no",
    "choice",
    "record",
    "digits",
    "phone",
    "account",
    "money",
    "date",
    "number",
    "text",
)
"""What a slot may hold; `language/values.py` has one parser for each."""

FIELD_TYPES = (
    "text",
    "flag",
    "number",
    "money",
    "percent",
    "digits",
    "phone",
    "date",
    "time",
    "datetime",
    "choice",
)
"""What a field of a record may hold; `language/speak.py` has one spoken form for each."""

MOODS = ("calm", "worried", "angry")
CONFIRM_POLICIES = ("auto", "never", "implied", "explicit")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


# --- Business types and operations (operations.yaml) -------------------------------------


@dataclass(frozen=True, slots=True)
class FieldType:
    name: str
    type: str
    """one of FIELD_TYPES, or the name of another record type"""
    is_list: bool = False
    is_optional: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordType:
    """The shape of one business record, and how callers refer to it."""

    name: str
    place: Place
    fields: Mapping[str, FieldType]
    tail: str = ""
    """field whose last digits callers say or key, such as the order number"""
    date: str = ""
    """field behind "the one from last Wednesday" """
    words: tuple[str, ...] = ()
    """text fields whose words pick the record: title, merchant, colour, size"""
    amount: str = ""
    """money field behind "the one for 299" """


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing the business systems can do."""

    name: str
    place: Place
    arguments: Mapping[str, FieldType]
    returns: FieldType | None
    is_write: bool
    timeout_ms: int
    errors: tuple[str, ...] = ()
    """refusals it declares beside "timeout", "unavailable" and "invalid" """


# --- Prompts ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition or value; `dialplan/expression.py` parses and evaluates it."""

    text: str
    place: Place
    tree: Any = field(repr=False, compare=False)
    names: frozenset[str] = frozenset()
    """top-level names it reads"""


@dataclass(frozen=True, slots=True)
class Hole:
    """`{order.amount}` or `{order.tail|digits}` in a prompt."""

    path: tuple[str, ...]
    form: str = ""
    """spoken form: one of FIELD_TYPES; "" takes it from the declared type"""


@dataclass(frozen=True, slots=True)
class Variant:
    """One wording: text and holes in order."""

    parts: tuple[str | Hole, ...]
    mood: str = ""
    """spoken only in this mood; "" in any"""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    name: str
    place: Place
    language: str
    variants: tuple[Variant, ...]
    again: tuple[Variant, ...] = ()
    """shorter wordings for coming back to an open question"""
    is_interruptible: bool = True


# --- Slots -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Keys:
    """How a question is answered on the keypad."""

    max_keys: int
    min_keys: int = 1
    end_key: str = "#"
    inter_key_ms: int = 3000
    choices: Mapping[str, str] = field(default_factory=dict)
    """key -> choice value, for yes_no and choice slots, and for short choices"""


@dataclass(frozen=True, slots=True)
class Slot:
    """A named hole in the conversation, and how to fill it."""

    name: str
    place: Place
    type: str
    ask: tuple[str, ...]
    """prompt names, first try first; each try is asked differently and more narrowly"""
    confirm: str = "auto"
    """auto: chosen from confidence and cost; never; implied (said back in passing); explicit (yes/no)"""
    confirm_prompt: str = ""
    choices: tuple[str, ...] = ()
    """for choice: value names; wordings are in phrases.<lang>.yaml"""
    source: str = ""
    """for record: name of the fact that holds the list"""
    record: str = ""
    """for record: name of the record type"""
    offer: str = ""
    """for record: prompt that reads out a short choice; its holes may use `option.`"""
    guess: Expression | None = None
    """a likely value, offered for a yes before asking openly; YAML `guess: =first(orders)`"""
    keys: Keys | None = None
    min_digits: int = 0
    max_digits: int = 0
    silence_ms: int = 700
    """quiet that ends the caller's answer; 200..3000"""
    no_input_ms: int = 6000
    """patience before the first reminder"""
    depends_on: tuple[str, ...] = ()
    """when one of these changes, this slot is asked again"""
    is_secret: bool = False
    """masked in journal, recording and recap"""
    on_fail: str = "agent"
    """flow to run when every try has failed"""


# --- Steps -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One node of a flow. `next` is a step id of the same flow; "" returns to the caller flow."""

    id: str
    place: Place
    next: str


@dataclass(frozen=True, slots=True)
class Say(Step):
    prompt: str


@dataclass(frozen=True, slots=True)
class Ask(Step):
    """Fill a slot, over as many turns as it takes; passes at once when already filled."""

    slot: str


@dataclass(frozen=True, slots=True)
class Confirm(Step):
    """A yes/no question of its own; "no" with a better idea is taken as a request."""

    prompts: tuple[str, ...]
    yes: str
    no: str
    is_summary: bool = False
    """reads back what will be done: always heard in full, never skipped"""


@dataclass(frozen=True, slots=True)
class Listen(Step):
    """An open question: any request is taken. Waits until one comes."""

    prompts: tuple[str, ...]
    nothing: str
    """step to take when the caller says there is nothing (more)"""
    keys: Mapping[str, str] = field(default_factory=dict)
    """key -> flow, for callers who would rather press; YAML `keys: {"1": refund}`"""


@dataclass(frozen=True, slots=True)
class Do(Step):
    operation: str
    arguments: Mapping[str, Expression]
    into: str
    """fact that receives the result; "" drops it"""
    filler: str = ""
    """prompt said when the answer takes longer than a breath"""
    errors: Mapping[str, str] = field(default_factory=dict)
    """refusal code -> step; "any" catches the rest; uncaught ones run the flow "trouble" """


@dataclass(frozen=True, slots=True)
class If(Step):
    condition: Expression
    then: str
    otherwise: str


@dataclass(frozen=True, slots=True)
class Choose(Step):
    value: Expression
    cases: Mapping[str, str]
    otherwise: str


@dataclass(frozen=True, slots=True)
class Set(Step):
    values: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Forget(Step):
    """Empty these slots, so that they are asked again."""

    slots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run(Step):
    """Run another flow, then go on."""

    flow: str


@dataclass(frozen=True, slots=True)
class Repeat(Step):
    """Say the last thing again; a second time more slowly."""


@dataclass(frozen=True, slots=True)
class Wait(Step):
    """Be quiet and patient: the caller is looking for something."""

    for_ms: int
    reminder: str
    """prompt said each time this long has passed"""


@dataclass(frozen=True, slots=True)
class Adapt(Step):
    """Change how the bot speaks from here on."""

    pace: float = 0.0
    """multiplied; 0 leaves it"""
    gain_db: float = 0.0
    """added"""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Transfer(Step):
    """Warm transfer. Goes to `next` only when nobody took the call."""

    queue: str
    reason: str
    announce: str
    """prompt said while the agent is being rung"""
    hold: str = ""
    """prompt said now and then while waiting"""


@dataclass(frozen=True, slots=True)
class Cancel(Step):
    """Leave the task the caller was in, and what it had collected."""


@dataclass(frozen=True, slots=True)
class End(Step):
    """Say goodbye, wait until it has been heard, hang up."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Flow:
    name: str
    place: Place
    start: str
    steps: Mapping[str, Step]
    starts_on: tuple[str, ...] = ()
    """intents that start it; by default the intent of its own name, if there is one"""
    needs: tuple[str, ...] = ()
    """flows run first when their `provides` fact is still missing, such as identity"""
    provides: str = ""
    """fact that shows this flow has done its work"""
    title: Mapping[str, str] = field(default_factory=dict)
    """language -> a few words for recaps and acknowledgements: 「退款」"""
    is_side: bool = False
    """a short digression (repeat, wait, a question): returns to the open question afterwards"""
    is_urgent: bool = False
    """recognised above everything, also over prompts that cannot be interrupted"""


# --- What callers say ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Intent:
    name: str
    place: Place
    examples: tuple[str, ...]
    phrases: tuple[str, ...] = ()
    """short wordings that count on their own, whatever else was said: 「转人工」"""
    vectors: tuple[Vector, ...] = field(default=(), repr=False, compare=False)
    """meanings of `examples`, filled in when the dialplan is loaded with an embedder"""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A question callers ask at any moment, and its exact answer."""

    name: str
    place: Place
    questions: tuple[str, ...]
    answer: Prompt
    vectors: tuple[Vector, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Phrases:
    """How callers of one language say things."""

    language: str
    intents: Mapping[str, Intent]
    choices: Mapping[str, Mapping[str, tuple[str, ...]]]
    """slot or "yes_no" -> value -> wordings; the first is spoken by the bot"""
    words: Mapping[str, tuple[str, ...]]
    """word lists: "filler", "nothing", "angry", "worried", "correction" ..."""
    corrections: Mapping[str, str]
    """heard -> meant, applied by sound before anything else"""
    hints: tuple[str, ...]
    out_of_scope: tuple[str, ...] = ()
    """sentences that belong to no intent; they teach it to say no"""
    out_of_scope_vectors: tuple[Vector, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Agent:
    id: str
    phone: str
    """E.164"""


@dataclass(frozen=True, slots=True)
class Queue:
    name: str
    place: Place
    agents: tuple[Agent, ...]
    ring_ms: int = 20_000


@dataclass(frozen=True, slots=True)
class Limits:
    """When patience ends, for the whole call."""

    failures: int = 5
    """not understood or silent, before an agent is fetched"""
    turns: int = 80
    call_ms: int = 20 * 60_000


@dataclass(frozen=True, slots=True)
class Dialplan:
    """One hotline. Checked before it is served: every name in it exists."""

    line: str
    place: Place
    title: str
    numbers: tuple[str, ...]
    """DNIS it answers, E.164; a line without numbers is the default"""
    languages: tuple[str, ...]
    """first is the default"""
    voices: Mapping[str, str]
    """language -> persona file in voices/"""
    opening: str
    """flow run when the call starts"""
    slots: Mapping[str, Slot]
    flows: Mapping[str, Flow]
    prompts: Mapping[str, Mapping[str, Prompt]]
    """language -> name -> prompt"""
    phrases: Mapping[str, Phrases]
    knowledge: Mapping[str, tuple[Knowledge, ...]]
    queues: Mapping[str, Queue]
    types: Mapping[str, RecordType]
    operations: Mapping[str, Operation]
    limits: Limits = Limits()
    record_calls: bool = False
    recording_notice: str = ""
    """prompt said before recording; required when record_calls is true"""
    checksum: str = ""
    """sha256 over all files it was made from; names the version in recordings"""
