"""A model file that is none is refused with its name and the way out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.engines.toy_onnx import cast_model
from voicebot.engines.onnx import open_session
from voicebot.errors import ConfigError


def test_a_model_is_opened_and_runs(tmp_path: Path) -> None:
    (tmp_path / "toy.onnx").write_bytes(cast_model())
    session = open_session(tmp_path / "toy.onnx", threads=1)
    feed = {
        "input": np.array([[3, 1]], dtype=np.int64),
        "input_lengths": np.array([2], dtype=np.int64),
        "scales": np.zeros(3, dtype=np.float32),
    }
    (output,) = session.run(None, feed)
    assert output.tolist() == [[3.0, 1.0]]


@pytest.mark.parametrize(
    "content", [None, b"", b"no model", cast_model()[:-20]], ids=["missing", "empty", "foreign", "cut"]
)
def test_what_is_no_model_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "toy.onnx").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        open_session(tmp_path / "toy.onnx", threads=1)
    assert "toy.onnx" in str(caught.value)
    assert "voicebot models check" in caught.value.remedy
