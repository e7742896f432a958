"""A wrong model folder is one clear sentence; the encoder window is the smallest that is safe."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.engines.whisper_model import WhisperModel, check_files, window_for
from voicebot.errors import EngineError


def folder(tmp_path: Path, **contents: str) -> Path:
    files = {"model_bin": "x", "config_json": "{}", "tokenizer_json": "{}", "vocabulary_json": "[]"}
    for name, text in (files | contents).items():
        if text != "absent":
            (tmp_path / name.replace("_", ".")).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        ({"model_bin": "absent"}, "model.bin is missing"),
        ({"model_bin": ""}, "model.bin is empty"),
        ({"tokenizer_json": "absent"}, "tokenizer.json is missing"),
        ({"vocabulary_json": "absent"}, "no vocabulary.json or vocabulary.txt"),
        ({"config_json": "{oops"}, "config.json is not JSON"),
        ({"tokenizer_json": "[]"}, "tokenizer.json is not a tokenizer file"),
    ],
)
def test_a_broken_folder_is_named_with_its_file(tmp_path: Path, contents: dict[str, str], told: str) -> None:
    with pytest.raises(EngineError, match=told) as caught:
        WhisperModel(folder(tmp_path, **contents))
    assert "voicebot models" in caught.value.remedy


def test_an_absent_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="nowhere does not exist"):
        check_files(tmp_path / "nowhere")


def test_a_whole_folder_passes_the_first_look(tmp_path: Path) -> None:
    check_files(folder(tmp_path))


@pytest.mark.parametrize(
    ("length_s", "window_s"),
    [(0.0, 10), (2.5, 10), (9.0, 10), (9.1, 15), (14.0, 15), (18.0, 20), (19.5, 30), (30.0, 30)],
)
def test_window_leaves_silence_behind_the_last_word(length_s: float, window_s: int) -> None:
    assert window_for(length_s) == window_s
