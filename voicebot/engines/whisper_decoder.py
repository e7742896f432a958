"""Whisper's text decoder, opened up: the probability of any text, many texts at once.

Theory of operation. CTranslate2 decodes freely and aligns one text at a time; it cannot say
how likely the *end* is after a text, nor score a hundred texts that share their beginnings
without doing the shared work a hundred times. Choosing among what a caller may have said needs
both. So the decoder's weights are read from the same model file and run here, in numpy:

- Texts are the branches of a tree. Its trunk is the opening (prompt, language, task); every
  node is one token. A node attends to its ancestors and to the audio, to nothing else.
- `Tree.extend` adds nodes, any number at a time and several generations at once, and returns
  the log-probabilities of what comes next after each of them. Scoring known texts is one call;
  a beam search is one call a step.

Cost on two cores: about 0.3 ms a node for the base model, when some dozens come at a time.
Layout of the model file: CTranslate2 `src/models/model.cc`, binary version 6. Architecture:
Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision".
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from voicebot.errors import EngineError

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]
DTYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}
"""CTranslate2's DataType numbers; 5 (bfloat16) is not used by published Whisper models"""
NO_PARENT = -1
MASKED = np.float32(-1e9)


# --- Reading the weights -----------------------------------------------------------------


def read_variables(file: Path, prefix: str) -> dict[str, NDArray[np.generic]]:
    """Variables of a CTranslate2 model whose names start with prefix. Raises EngineError."""
    try:
        with file.open("rb") as stream:
            (version,) = struct.unpack("<I", stream.read(4))
            _read_name(stream)  # of the architecture
            _revision, count = struct.unpack("<II", stream.read(8))
            if version < 4:
                raise EngineError(f"recogniser: {file} has format version {version}; 4 or later is needed.")
            variables: dict[str, NDArray[np.generic]] = {}
            for _ in range(count):
                name = _read_name(stream)
                rank = stream.read(1)[0]
                shape = struct.unpack(f"<{rank}I", stream.read(4 * rank))
                dtype, size = struct.unpack("<BI", stream.read(5))
                if not name.startswith(prefix):
                    stream.seek(size, 1)
                    continue
                if dtype not in DTYPES:
                    raise EngineError(
                        f"recogniser: {file} stores {name} in an unknown number format {dtype}."
                    )
                variables[name] = np.frombuffer(stream.read(size), dtype=DTYPES[dtype]).reshape(shape)
    except (struct.error, IndexError, ValueError, UnicodeDecodeError) as error:
        raise EngineError(
            f"recogniser: {file} is truncated or not a CTranslate2 model ({error}).",
            remedy="Run `voicebot models` to check it.",
        ) from error
    return variables


def _read_name(stream: BinaryIO) -> str:
    (length,) = struct.unpack("<H", stream.read(2))
    return stream.read(length)[:-1].decode()


@dataclass(frozen=True, slots=True)
class Linear:
    weight: Floats
    """shape (inputs, outputs): transposed once, for `x @ weight` """
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        return x @ self.weight + self.bias


@dataclass(frozen=True, slots=True)
class Norm:
    gamma: Floats
    beta: Floats

    def __call__(self, x: Floats) -> Floats:
        mean = x.mean(-1, keepdims=True)
        centred = x - mean
        variance = np.square(centred).mean(-1, keepdims=True)
        scaled: Floats = centred / np.sqrt(variance + np.float32(1e-5)) * self.gamma + self.beta
        return scaled


@dataclass(frozen=True, slots=True)
class Layer:
    self_norm: Norm
    self_in: Linear
    self_out: Linear
    cross_norm: Norm
    cross_query: Linear
    cross_key_value: Linear
    cross_out: Linear
    ffn_norm: Norm
    ffn_in: Linear
    ffn_out: Linear


class Decoder:
    """The decoder's weights. Read-only once loaded: safe to share across threads."""

    def __init__(self, file: Path) -> None:
        """Read them from a CTranslate2 Whisper `model.bin`. Raises EngineError."""
        raw = read_variables(file, "decoder/")
        _keep_to_one_thread()

        def take(name: str) -> Floats:
            full = f"decoder/{name}"
            if full not in raw:
                raise EngineError(f"recogniser: {file} has no {full}; it is not a Whisper model.")
            values = raw[full].astype(np.float32)
            if raw[full].dtype == np.int8:
                values /= raw[f"{full}_scale"].astype(np.float32)[:, None]
            return values

        def linear(name: str) -> Linear:
            weight = np.ascontiguousarray(take(f"{name}/weight").T)
            has_bias = f"decoder/{name}/bias" in raw
            return Linear(weight, take(f"{name}/bias") if has_bias else np.zeros(weight.shape[1], np.float32))

        def norm(name: str) -> Norm:
            return Norm(take(f"{name}/gamma"), take(f"{name}/beta"))

        self.heads = int(raw["decoder/num_heads"]) if "decoder/num_heads" in raw else 8
        self.embeddings = take("embeddings/weight")
        self.positions = take("position_encodings/encodings")
        self.last_norm = norm("layer_norm")
        self.layers = [
            Layer(
                self_norm=norm(f"{layer}/self_attention/layer_norm"),
                self_in=linear(f"{layer}/self_attention/linear_0"),
                self_out=linear(f"{layer}/self_attention/linear_1"),
                cross_norm=norm(f"{layer}/attention/layer_norm"),
                cross_query=linear(f"{layer}/attention/linear_0"),
                cross_key_value=linear(f"{layer}/attention/linear_1"),
                cross_out=linear(f"{layer}/attention/linear_2"),
                ffn_norm=norm(f"{layer}/ffn/layer_norm"),
                ffn_in=linear(f"{layer}/ffn/linear_0"),
                ffn_out=linear(f"{layer}/ffn/linear_1"),
            )
            for layer in _layer_names(raw)
        ]
        self.width = self.embeddings.shape[1]

    def listen(self, encoder_output: Floats) -> Hearings:
        """Prepare one utterance: encoder output, shape (frames, width)."""
        return Hearings(self, encoder_output)


def _layer_names(raw: dict[str, NDArray[np.generic]]) -> Iterator[str]:
    number = 0
    while f"decoder/layer_{number}/ffn/linear_0/weight" in raw:
        yield f"layer_{number}"
        number += 1


# --- Running it --------------------------------------------------------------------------


class Hearings:
    """One utterance as the decoder sees it; computed once, shared by all trees over it."""

    def __init__(self, decoder: Decoder, encoder_output: Floats) -> None:
        audio = np.asarray(encoder_output, dtype=np.float32)
        if audio.ndim != 2 or audio.shape[1] != decoder.width:
            raise EngineError(f"recogniser: encoder output of shape {audio.shape} for width {decoder.width}.")
        self.decoder = decoder
        self.keys: list[Floats] = []
        """each shape (heads, width / heads, frames)"""
        self.values: list[Floats] = []
        """each shape (heads, frames, width / heads)"""
        for layer in decoder.layers:
            key, value = np.split(layer.cross_key_value(audio), 2, axis=1)
            self.keys.append(np.ascontiguousarray(_by_head(key, decoder.heads).transpose(0, 2, 1)))
            self.values.append(np.ascontiguousarray(_by_head(value, decoder.heads)))

    def tree(self, openings: Sequence[Sequence[int]]) -> Tree:
        """Start a tree with one trunk for each opening."""
        return Tree(self, openings)


class Tree:
    """Texts under consideration for one utterance. Owned by one thread."""

    def __init__(self, hearings: Hearings, openings: Sequence[Sequence[int]]) -> None:
        self._hearings = hearings
        decoder = hearings.decoder
        self._tokens = np.zeros(0, dtype=np.intp)
        self._depths = np.zeros(0, dtype=np.intp)
        self._is_ancestor = np.zeros((0, 0), dtype=bool)
        size = (decoder.heads, 0, decoder.width // decoder.heads)
        self._keys = [np.zeros(size, dtype=np.float32) for _ in decoder.layers]
        self._values = [np.zeros(size, dtype=np.float32) for _ in decoder.layers]
        parents: list[int] = []
        tokens: list[int] = []
        self.roots: list[int] = []
        for opening in openings:
            for place, token in enumerate(opening):
                parents.append(NO_PARENT if place == 0 else len(parents) - 1)
                tokens.append(token)
            self.roots.append(len(tokens) - 1)
        logs = self.extend(parents, tokens, only=self.roots)
        self.root_log_probs = logs
        """what comes next after each trunk, shape (trunks, vocabulary)"""

    @property
    def size(self) -> int:
        """Nodes so far; the next one added gets this number."""
        return len(self._tokens)

    def extend(
        self,
        parents: Sequence[int],
        tokens: Sequence[int],
        *,
        only: Sequence[int] | None = None,
        among: Ints | None = None,
    ) -> Floats:
        """Add nodes; return log-probabilities of the token after each, shape (nodes, vocabulary).

        parents: node numbers, also of nodes earlier in the same call; nodes are numbered in the
        order in which they were added. only: node numbers whose result is wanted. among: tokens
        that may follow; the columns are these, and probabilities are shared among them alone.
        """
        decoder = self._hearings.decoder
        old = len(self._tokens)
        self._grow(parents, tokens)
        x = decoder.embeddings[self._tokens[old:]] + decoder.positions[self._depths[old:]]
        blocked = np.where(self._is_ancestor[old:], np.float32(0), MASKED)
        for number, layer in enumerate(decoder.layers):
            query, key, value = np.split(layer.self_in(layer.self_norm(x)), 3, axis=1)
            self._keys[number] = np.concatenate([self._keys[number], _by_head(key, decoder.heads)], axis=1)
            self._values[number] = np.concatenate(
                [self._values[number], _by_head(value, decoder.heads)], axis=1
            )
            seen = _attend(
                _by_head(query, decoder.heads),
                self._keys[number].transpose(0, 2, 1),
                self._values[number],
                blocked,
            )
            x = x + layer.self_out(seen)
            query = layer.cross_query(layer.cross_norm(x))
            seen = _attend(
                _by_head(query, decoder.heads),
                self._hearings.keys[number],
                self._hearings.values[number],
                None,
            )
            x = x + layer.cross_out(seen)
            x = x + layer.ffn_out(_gelu(layer.ffn_in(layer.ffn_norm(x))))
        wanted = x if only is None else x[np.asarray(only, dtype=np.intp) - old]
        # The table that turns tokens into vectors also turns vectors into tokens.
        rows = decoder.embeddings if among is None else decoder.embeddings[among]
        return _log_softmax(decoder.last_norm(wanted) @ rows.T)

    def _grow(self, parents: Sequence[int], tokens: Sequence[int]) -> None:
        old, total = len(self._tokens), len(self._tokens) + len(tokens)
        self._tokens = np.concatenate([self._tokens, np.asarray(tokens, dtype=np.intp)])
        depths = np.concatenate([self._depths, np.zeros(len(tokens), dtype=np.intp)])
        ancestors = np.zeros((total, total), dtype=bool)
        ancestors[:old, :old] = self._is_ancestor
        for offset, parent in enumerate(parents):
            node = old + offset
            if not NO_PARENT <= parent < node:
                raise ValueError(f"node {node} cannot have parent {parent}")
            if parent != NO_PARENT:
                ancestors[node] = ancestors[parent]
                depths[node] = depths[parent] + 1
            ancestors[node, node] = True
        self._depths, self._is_ancestor = depths, ancestors

    def follow(self, root: int, texts: Sequence[Sequence[int]], *, among: Ints | None = None) -> list[Floats]:
        """Add texts after a trunk; for each, what comes next along it.

        Returns one array a text, shape (tokens + 1, columns): after the trunk, after its first
        token, ... after its last. Columns as in `extend`. Shared beginnings are computed once.
        """
        first = len(self._tokens)
        known: dict[tuple[int, int], int] = {}
        parents: list[int] = []
        tokens: list[int] = []
        paths: list[list[int]] = []
        for text in texts:
            node = self.roots[root]
            path = []
            for token in text:
                step = known.get((node, token))
                if step is None:
                    step = known[(node, token)] = first + len(tokens)
                    parents.append(node)
                    tokens.append(token)
                node = step
                path.append(node - first)
            paths.append(path)
        start = self.root_log_probs[root : root + 1]
        if among is not None:
            start = _log_softmax(start[:, among])
        after = self.extend(parents, tokens, among=among) if tokens else start[:0]
        return [np.concatenate([start, after[path]]) for path in paths]


def _keep_to_one_thread() -> None:
    """Matrices this small gain nothing from more threads, and on a busy machine threads that wait
    for one another by spinning take seconds instead of 0.2 s. Without the package: slower then."""
    with contextlib.suppress(ImportError):
        import threadpoolctl

        threadpoolctl.threadpool_limits(limits=1, user_api="blas")


def _by_head(x: Floats, heads: int) -> Floats:
    """(n, width) -> (heads, n, width / heads)"""
    return x.reshape(len(x), heads, -1).transpose(1, 0, 2)


def _attend(query: Floats, key: Floats, value: Floats, blocked: Floats | None) -> Floats:
    """Attention of all heads; returns (n, width)."""
    weights = (query * np.float32(query.shape[2] ** -0.5)) @ key
    if blocked is not None:
        weights += blocked
    weights -= weights.max(-1, keepdims=True)
    np.exp(weights, out=weights)
    weights /= weights.sum(-1, keepdims=True)
    mixed = (weights @ value).astype(np.float32, copy=False)
    return mixed.transpose(1, 0, 2).reshape(query.shape[1], -1)


def _gelu(x: Floats) -> Floats:
    """Gaussian error linear unit; erf by Abramowitz and Stegun 7.1.26, good to 1e-7."""
    z = np.abs(x) * np.float32(0.7071067811865476)
    t = 1 / (1 + np.float32(0.3275911) * z)
    poly = t * (
        np.float32(0.254829592)
        + t
        * (
            np.float32(-0.284496736)
            + t * (np.float32(1.421413741) + t * (np.float32(-1.453152027) + t * np.float32(1.061405429)))
        )
    )
    erf = np.copysign(1 - poly * np.exp(-z * z), x)
    result: Floats = x * np.float32(0.5) * (1 + erf)
    return result


def _log_softmax(logits: Floats) -> Floats:
    logits = logits - logits.max(-1, keepdims=True)
    log_probs: Floats = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return log_probs
