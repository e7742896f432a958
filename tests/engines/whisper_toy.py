"""A Whisper decoder small enough to be written by hand: true code path, no model."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WIDTH, HEADS, VOCABULARY, LAYERS = 8, 2, 24, 2
END = 23


def toy_variables(seed: int = 1) -> dict[str, NDArray[np.generic]]:
    """Random weights under the names of a CTranslate2 Whisper model."""
    random = np.random.default_rng(seed)
    found: dict[str, NDArray[np.generic]] = {"decoder/num_heads": np.array(HEADS, dtype=np.int16)}

    def add(name: str, *shape: int) -> None:
        found[f"decoder/{name}"] = random.normal(0, 0.5, shape).astype(np.float32)

    add("embeddings/weight", VOCABULARY, WIDTH)
    add("position_encodings/encodings", 32, WIDTH)
    for norm in ("layer_norm", *(f"layer_{n}/{part}" for n in range(LAYERS) for part in NORMS)):
        add(f"{norm}/gamma", WIDTH)
        add(f"{norm}/beta", WIDTH)
    for number in range(LAYERS):
        for name, outputs, inputs in LINEARS:
            add(f"layer_{number}/{name}/weight", outputs, inputs)
            add(f"layer_{number}/{name}/bias", outputs)
    found["encoder/conv1/weight"] = np.zeros((2, 2), dtype=np.float32)
    return found


NORMS = ("self_attention/layer_norm", "attention/layer_norm", "ffn/layer_norm")
LINEARS = (
    ("self_attention/linear_0", 3 * WIDTH, WIDTH),
    ("self_attention/linear_1", WIDTH, WIDTH),
    ("attention/linear_0", WIDTH, WIDTH),
    ("attention/linear_1", 2 * WIDTH, WIDTH),
    ("attention/linear_2", WIDTH, WIDTH),
    ("ffn/linear_0", 16, WIDTH),
    ("ffn/linear_1", WIDTH, 16),
)
CODES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}


def write_model(file: Path, variables: dict[str, NDArray[np.generic]], *, version: int = 6) -> None:
    """Write variables as CTranslate2 does."""

    def name(text: str) -> bytes:
        raw = text.encode() + b"\0"
        return struct.pack("<H", len(raw)) + raw

    data = struct.pack("<I", version) + name("WhisperSpec") + struct.pack("<II", 3, len(variables))
    for key, values in variables.items():
        raw = np.ascontiguousarray(values).tobytes()
        data += name(key) + struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
        data += struct.pack("<BI", CODES[values.dtype.name], len(raw)) + raw
    file.write_bytes(data + struct.pack("<I", 0))
