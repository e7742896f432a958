"""Sentences worked out once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from voicebot.engines.remembering import RememberingEmbedder
from voicebot.engines.scripted import BagEmbedder
from voicebot.events import Vector


class Counting:
    def __init__(self) -> None:
        self.inner = BagEmbedder()
        self.asked: list[str] = []

    def warm_up(self) -> None:
        self.inner.warm_up()

    def embed(self, text: str) -> Vector:
        self.asked.append(text)
        return self.inner.embed(text)


def test_a_sentence_is_worked_out_once() -> None:
    inner = Counting()
    embedder = RememberingEmbedder(inner)
    first, second = embedder.embed("我要退款"), embedder.embed("我要退款")
    embedder.embed("查物流")
    assert inner.asked == ["我要退款", "查物流"]
    assert np.array_equal(first, second)


def test_the_next_start_remembers(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    first = RememberingEmbedder(Counting(), path, version="1")
    vector = first.embed("我要退款")
    first.keep()
    inner = Counting()
    assert np.array_equal(RememberingEmbedder(inner, path, version="1").embed("我要退款"), vector)
    assert inner.asked == []


def test_another_model_starts_afresh(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    first = RememberingEmbedder(Counting(), path, version="1")
    first.embed("我要退款")
    first.keep()
    inner = Counting()
    RememberingEmbedder(inner, path, version="2").embed("我要退款")
    assert inner.asked == ["我要退款"]


def test_a_damaged_file_costs_time_only(tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    for content in (b"", b"PK\x03\x04 half", b"\x93NUMPY"):
        path.write_bytes(content)
        inner = Counting()
        RememberingEmbedder(inner, path).embed("x")
        assert inner.asked == ["x"]


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    embedder = RememberingEmbedder(Counting(), tmp_path / "file" / "vectors.npz")
    embedder.embed("x")
    embedder.keep()
