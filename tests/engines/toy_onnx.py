"""A real ONNX model of one node, written by hand: `output` is the input as float.

With it a Piper voice "says" the numbers of its phonemes: the true code path, and exact assertions.
The wire format is protobuf; the field numbers are those of onnx.proto3.
"""

from __future__ import annotations

_INT64, _FLOAT = 7, 1


def cast_model() -> bytes:
    """input int64 [1, n], input_lengths int64 [1], scales float [3] -> output float [1, n]."""
    node = _text(1, "input") + _text(2, "output") + _text(4, "Cast")
    node += _message(5, _text(1, "to") + _number(3, _FLOAT) + _number(20, 2))  # attribute, INT
    graph = _message(1, node) + _text(2, "toy")
    for name, kind, shape in (
        ("input", _INT64, (1, "n")),
        ("input_lengths", _INT64, (1,)),
        ("scales", _FLOAT, (3,)),
    ):
        graph += _message(11, _value(name, kind, shape))
    graph += _message(12, _value("output", _FLOAT, (1, "n")))
    return _number(1, 8) + _message(7, graph) + _message(8, _text(1, "") + _number(2, 13))


def _value(name: str, kind: int, shape: tuple[int | str, ...]) -> bytes:
    dimensions = b"".join(_message(1, _text(2, d) if isinstance(d, str) else _number(1, d)) for d in shape)
    return _text(1, name) + _message(2, _message(1, _number(1, kind) + _message(2, dimensions)))


def _varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())
