"""The opened-up decoder: a tree of texts must score each as if it were alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.engines.whisper_toy import END, VOCABULARY, WIDTH, toy_variables, write_model
from voicebot.engines.whisper_decoder import Decoder, Floats, Hearings, read_variables
from voicebot.errors import EngineError

OPENING = [1, 2, 3]
AUDIO = np.random.default_rng(2).normal(size=(7, WIDTH)).astype(np.float32)


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    file = tmp_path / "model.bin"
    write_model(file, toy_variables())
    return file


@pytest.fixture
def hearings(model_file: Path) -> Hearings:
    return Decoder(model_file).listen(AUDIO)


def alone(hearings: Hearings, tokens: list[int]) -> Floats:
    """What comes next after each token of a single text, computed in one go without sharing."""
    tree = hearings.tree([[*OPENING, *tokens]])
    again = hearings.tree([[0]])
    first = again.size
    sequence = [*OPENING, *tokens]
    rows = again.extend([-1, *range(first, first + len(sequence) - 1)], sequence)
    assert np.allclose(rows[-1], tree.root_log_probs[0], atol=1e-5)
    return rows[len(OPENING) - 1 :]


def test_texts_that_share_a_beginning_score_as_if_alone(hearings: Hearings) -> None:
    texts = [[4, 5, 6], [4, 5, 7, 8], [9], [4, 5, 6, 4]]
    together = hearings.tree([OPENING]).follow(0, texts)
    for text, rows in zip(texts, together, strict=True):
        assert rows.shape == (len(text) + 1, VOCABULARY)
        assert np.allclose(rows, alone(hearings, text), atol=1e-5)


def test_one_token_at_a_time_gives_the_same_as_all_at_once(hearings: Hearings) -> None:
    tree = hearings.tree([OPENING])
    node, rows = tree.roots[0], [tree.root_log_probs[0]]
    for token in (4, 5, 6):
        rows.append(tree.extend([node], [token])[0])
        node = tree.size - 1
    assert np.allclose(np.stack(rows), alone(hearings, [4, 5, 6]), atol=1e-5)


def test_trunks_do_not_see_one_another(hearings: Hearings) -> None:
    both = hearings.tree([OPENING, [7, 8]])
    assert np.allclose(both.root_log_probs[0], hearings.tree([OPENING]).root_log_probs[0], atol=1e-5)
    assert np.allclose(both.root_log_probs[1], hearings.tree([[7, 8]]).root_log_probs[0], atol=1e-5)


def test_the_audio_matters(hearings: Hearings, model_file: Path) -> None:
    other = Decoder(model_file).listen(AUDIO[::-1] * 2)
    assert not np.allclose(
        other.tree([OPENING]).root_log_probs, hearings.tree([OPENING]).root_log_probs, atol=1e-3
    )


def test_probability_is_shared_among_the_allowed_tokens_alone(hearings: Hearings) -> None:
    allowed = np.array([4, 5, END])
    full = hearings.tree([OPENING]).follow(0, [[4]])[0][:, allowed]
    among = hearings.tree([OPENING]).follow(0, [[4]], among=allowed)[0]
    assert np.allclose(np.exp(among).sum(axis=1), 1.0, atol=1e-5)
    assert np.allclose(among, full - np.logaddexp.reduce(full, axis=1, keepdims=True), atol=1e-5)


def test_a_node_cannot_hang_on_a_later_one(hearings: Hearings) -> None:
    tree = hearings.tree([OPENING])
    with pytest.raises(ValueError, match="cannot have parent"):
        tree.extend([tree.size], [4])


def test_half_precision_and_int8_weights_are_understood(tmp_path: Path) -> None:
    whole, halved, small = toy_variables(), toy_variables(), toy_variables()
    name = "decoder/layer_0/ffn/linear_0/weight"
    halved = {k: v.astype(np.float16) if v.dtype == np.float32 else v for k, v in halved.items()}
    scale = 127 / np.abs(whole[name]).max(axis=1)
    small[name] = np.rint(whole[name] * scale[:, None]).astype(np.int8)
    small[f"{name}_scale"] = scale.astype(np.float32)
    rows = []
    for number, variables in enumerate((whole, halved, small)):
        write_model(tmp_path / f"{number}.bin", variables)
        rows.append(Decoder(tmp_path / f"{number}.bin").listen(AUDIO).tree([OPENING]).root_log_probs)
    assert np.allclose(rows[0], rows[1], atol=0.05)
    assert np.allclose(rows[0], rows[2], atol=0.05)
    assert not np.array_equal(rows[0], rows[2])


def test_only_the_asked_part_of_the_file_is_read(model_file: Path) -> None:
    assert list(read_variables(model_file, "encoder/")) == ["encoder/conv1/weight"]


@pytest.mark.parametrize("keep", [0, 3, 40, 700])
def test_a_truncated_model_is_named(model_file: Path, keep: int) -> None:
    model_file.write_bytes(model_file.read_bytes()[:keep])
    with pytest.raises(EngineError, match=r"model\.bin is truncated"):
        Decoder(model_file)


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    variables = toy_variables()
    del variables["decoder/layer_norm/gamma"]
    write_model(tmp_path / "model.bin", variables)
    with pytest.raises(EngineError, match="no decoder/layer_norm/gamma; it is not a Whisper model"):
        Decoder(tmp_path / "model.bin")
    write_model(tmp_path / "model.bin", variables, version=2)
    with pytest.raises(EngineError, match="format version 2"):
        Decoder(tmp_path / "model.bin")


def test_encoder_output_of_another_model_is_refused(model_file: Path) -> None:
    with pytest.raises(EngineError, match="shape"):
        Decoder(model_file).listen(AUDIO[:, :4])
