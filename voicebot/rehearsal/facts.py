"""What a line would know about a caller: the lists its questions choose from, without a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from voicebot.dialogue.state import State
from voicebot.dialplan import expression
from voicebot.dialplan.expression import ExpressionError
from voicebot.dialplan.model import Dialplan, Do
from voicebot.errors import BackOfficeError
from voicebot.events import Value

Read = Callable[[str, Mapping[str, Value]], Value]
"""operation and arguments to its answer; raises BackOfficeError"""

MOST_ROUNDS = 4
"""one reading gives the arguments of the next: the caller, his orders, their parcels"""


def known(dialplan: Dialplan, read: Read, *, caller: str, language: str, at: datetime) -> State:
    """The state of a call in which everything has been looked up that needs no answer.

    Only operations that change nothing are carried out, and only those whose arguments follow
    from the caller's number.
    """
    state = State(language=language or dialplan.languages[0])
    state.call = {
        "id": "",
        "ani": caller,
        "dnis": "",
        "started_at": at,
        "today": at.date(),
        "hour": at.hour,
        "turns": 0,
    }
    steps = [step for flow in dialplan.flows.values() for step in flow.steps.values() if isinstance(step, Do)]
    reads = [step for step in steps if step.into and not dialplan.operations[step.operation].is_write]
    for _ in range(MOST_ROUNDS):
        new = {step.into: found for step in reads if (found := _read(step, state, read)) is not None}
        if not new:
            break
        state.facts.update(new)
    return state


def _read(step: Do, state: State, read: Read) -> Value:
    if step.into in state.facts:
        return None
    try:
        arguments = {
            name: expression.evaluate(given, state.values()) for name, given in step.arguments.items()
        }
        if any(given is None or given == "" for given in arguments.values()):
            return None
        return read(step.operation, arguments)
    except (ExpressionError, BackOfficeError, KeyError):
        return None
