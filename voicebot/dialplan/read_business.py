"""operations.yaml and queues.yaml: what business systems can do, and who takes over calls."""

from __future__ import annotations

import re
from collections.abc import Mapping

from voicebot.dialplan.model import FIELD_TYPES, Agent, FieldType, Operation, Queue, RecordType
from voicebot.dialplan.reading import Notes, Reader, check_name
from voicebot.dialplan.types import ANY
from voicebot.dialplan.yamltree import List, Map, Node, Scalar

_TYPE = re.compile(r"(?P<name>\w+)(?:\[(?P<inside>[^\[\]]*)\])?(?P<optional>\?)?\Z")

OPERATION_KEYS = ("with", "returns", "writes", "timeout_ms", "errors")
TYPE_KEYS = ("fields", "tail", "date", "words", "amount")
QUEUE_KEYS = ("ring_s", "agents")
ALWAYS_POSSIBLE = ("timeout", "unavailable", "invalid")
"""refusals that any operation can answer with"""


def read_operations(root: Node | None, notes: Notes) -> tuple[dict[str, RecordType], dict[str, Operation]]:
    """Record types and operations of one operations.yaml."""
    reader = Reader(notes, ("operations.yaml",), "operations.yaml")
    types: dict[str, RecordType] = {}
    operations: dict[str, Operation] = {}
    top = reader.mapping(root, "operations.yaml")
    if top is None:
        return types, operations
    reader.keys(top, ("types", "operations"), "operations.yaml")
    for key, node in reader.entries(top.get("types"), "types"):
        if key.text in FIELD_TYPES:
            reader.error(key, f'"{key.text}" is a built-in type', "choose another name", "reserved-name")
        types[key.text] = _record_type(key, node, reader.within("type", key.text, by=f'type "{key.text}"'))
    for key, node in reader.entries(top.get("operations"), "operations"):
        check_name(reader, key, "an operation")
        operations[key.text] = _operation(
            key, node, reader.within("operation", key.text, by=f'operation "{key.text}"')
        )
    return types, operations


def _record_type(key: Scalar, node: Node, reader: Reader) -> RecordType:
    body = reader.mapping(node, reader.by) or Map(node.place, ())
    reader.keys(body, TYPE_KEYS, reader.by)
    fields = _fields(body.get("fields"), reader, "fields")
    if not fields:
        reader.error(key, f"{reader.by} has no fields", "write fields: {name: type, ...}", "missing-key")

    def named(what: str) -> tuple[str, ...]:
        found = reader.scalars(body.get(what), what)
        for scalar in found:
            if scalar.text not in fields:
                reader.error(
                    scalar,
                    f'{reader.by} has no field "{scalar.text}"',
                    "name one of its fields",
                    "unknown-field",
                )
        return tuple(scalar.text for scalar in found)

    return RecordType(
        name=key.text,
        place=key.place,
        fields=fields,
        tail=next(iter(named("tail")), ""),
        date=next(iter(named("date")), ""),
        words=named("words"),
        amount=next(iter(named("amount")), ""),
    )


def _fields(node: Node | None, reader: Reader, what: str) -> Mapping[str, FieldType]:
    found: dict[str, FieldType] = {}
    for key, value in reader.entries(node, what):
        found[key.text] = _field_type(key.text, value, reader)
    return found


def _field_type(name: str, node: Node, reader: Reader) -> FieldType:
    text = reader.text(node, f'type of "{name}"')
    parts = _TYPE.match(text)
    if parts is None:
        reader.error(
            node,
            f'"{text}" is not a type',
            "write a type like text, money, choice[a|b], order, order[] or date?",
            "bad-type",
        )
        return FieldType(name, ANY)
    kind, inside = parts["name"], parts["inside"]
    choices = tuple(choice.strip() for choice in (inside or "").split("|") if choice.strip())
    if kind == "choice" and not choices:
        reader.error(node, f'"{text}" lists no choices', "write choice[first|second]", "bad-type")
    if kind != "choice" and choices:
        reader.error(
            node, f'only a choice lists values, "{kind}" does not', f"write {kind} or {kind}[]", "bad-type"
        )
    if kind not in FIELD_TYPES:
        reader.refer("type", kind, node.place)
    return FieldType(
        name=name,
        type=kind,
        is_list=inside is not None and not choices,
        is_optional=parts["optional"] is not None,
        choices=choices,
    )


def _operation(key: Scalar, node: Node, reader: Reader) -> Operation:
    body = reader.mapping(node, reader.by) or Map(node.place, ())
    reader.keys(body, OPERATION_KEYS, reader.by)
    returns = body.get("returns")
    nothing = returns is None or (isinstance(returns, Scalar) and returns.text in ("", "none", "nothing"))
    errors = reader.scalars(body.get("errors"), "errors")
    for scalar in errors:
        if scalar.text in (*ALWAYS_POSSIBLE, "any"):
            reader.error(
                scalar,
                f'"{scalar.text}" need not be declared',
                "delete it: timeout, unavailable and invalid are always possible",
                "reserved-name",
            )
    return Operation(
        name=key.text,
        place=key.place,
        arguments=_fields(body.get("with"), reader, "with"),
        returns=None if nothing or returns is None else _field_type(key.text, returns, reader),
        is_write=reader.flag(body.get("writes"), "writes"),
        timeout_ms=reader.integer(body.get("timeout_ms"), "timeout_ms", 3000, 100, 30_000),
        errors=tuple(scalar.text for scalar in errors),
    )


def read_queues(root: Node | None, notes: Notes) -> dict[str, Queue]:
    """Queues of one queues.yaml."""
    reader = Reader(notes, ("queues.yaml",), "queues.yaml")
    queues: dict[str, Queue] = {}
    for key, node in reader.entries(root, "queues.yaml"):
        check_name(reader, key, "a queue")
        queues[key.text] = _queue(key, node, reader.within("queue", key.text, by=f'queue "{key.text}"'))
    return queues


def _queue(key: Scalar, node: Node, reader: Reader) -> Queue:
    body = reader.mapping(node, reader.by) or Map(node.place, ())
    reader.keys(body, QUEUE_KEYS, reader.by)
    listed = body.get("agents")
    if listed is not None and not isinstance(listed, List):
        reader.error(listed, "agents must be a list", 'write agents: [{id: li, phone: "+85290000001"}]')
    agents: list[Agent] = []
    for item in listed.items if isinstance(listed, List) else ():
        entry = reader.mapping(item, "an agent")
        if entry is None:
            continue
        for name, _ in entry.entries:
            if name.text not in ("id", "phone"):
                reader.error(name, f'an agent has no key "{name.text}"', "known: id, phone", "unknown-key")
        agent = Agent(reader.text(entry.get("id"), "id"), reader.text(entry.get("phone"), "phone"))
        if not agent.id or not agent.phone:
            reader.error(
                item, "an agent needs id and phone", 'write {id: li, phone: "+85290000001"}', "missing-key"
            )
            continue
        if agent.id in (other.id for other in agents):
            reader.error(
                item,
                f'agent "{agent.id}" stands here twice',
                "give each agent an id of its own",
                "duplicate-key",
            )
        reader.notes.spots[("queue", key.text, agent.id)] = (entry.get("phone") or item).place
        agents.append(agent)
    ring_s = reader.number(body.get("ring_s"), "ring_s", 20, 5, 120)
    return Queue(key.text, key.place, tuple(agents), ring_ms=int(ring_s * 1000))
