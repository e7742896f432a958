"""Folders on disk become checked dialplans; whatever is wrong with the files is told with its place."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.dialplan.helpers import LINES
from voicebot import dialplan_files
from voicebot.errors import DialplanError
from voicebot.events import Vector


class LetterEmbedder:
    """An honest little embedder: the same text always has the same unit vector."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def warm_up(self) -> None:
        pass

    def embed(self, text: str) -> Vector:
        self.asked.append(text)
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
        vector = np.random.default_rng(seed).standard_normal(8).astype(np.float32)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    shutil.copytree(LINES, tmp_path / "dialplans")
    voices = tmp_path / "voices"
    voices.mkdir()
    for name in ("nuan", "joe"):
        (voices / f"{name}.yaml").write_text("engine: none\n", encoding="utf-8")
    return tmp_path / "dialplans"


def test_a_line_is_read_with_the_meaning_of_every_example(lines: Path) -> None:
    embedder = LetterEmbedder()
    dialplan = dialplan_files.read_line(lines, "shop", voices_dir=lines.parent / "voices", embedder=embedder)
    refund = dialplan.phrases["zh"].intents["refund"]
    assert len(refund.vectors) == len(refund.examples) == 3
    assert np.array_equal(refund.vectors[0], embedder.embed(refund.examples[0]))
    assert len(dialplan.phrases["zh"].out_of_scope_vectors) == len(dialplan.phrases["zh"].out_of_scope)
    assert len(dialplan.knowledge["en"][0].vectors) == 3


def test_a_sentence_is_embedded_once_for_all_lines(lines: Path) -> None:
    shutil.copytree(lines / "shop", lines / "store")
    flow = (lines / "store" / "flow.yaml").read_text(encoding="utf-8")
    flow = flow.replace("line: shop", "line: store").replace("58080000", "58080001")
    (lines / "store" / "flow.yaml").write_text(flow, encoding="utf-8")
    embedder = LetterEmbedder()
    dialplans = dialplan_files.read_all(lines, voices_dir=None, embedder=embedder)
    assert set(dialplans) == {"shop", "store"}
    assert len(embedder.asked) == len(set(embedder.asked)) > 50


def test_without_an_embedder_there_are_no_vectors(lines: Path) -> None:
    dialplan = dialplan_files.read_line(lines, "shop", voices_dir=None, embedder=None)
    assert dialplan.phrases["zh"].intents["refund"].vectors == ()


def test_two_lines_cannot_answer_the_same_number(lines: Path) -> None:
    shutil.copytree(lines / "shop", lines / "store")
    flow = (lines / "store" / "flow.yaml").read_text(encoding="utf-8")
    (lines / "store" / "flow.yaml").write_text(flow.replace("line: shop", "line: store"), encoding="utf-8")
    with pytest.raises(DialplanError, match="number-taken"):
        dialplan_files.read_all(lines, voices_dir=None, embedder=None)


def test_the_error_lists_the_mistakes_of_every_line(lines: Path) -> None:
    shutil.copytree(lines / "shop", lines / "store")
    for name, old, new in (("shop", "goto: done", "goto: doen"), ("store", "run: agent", "run: agnet")):
        path = lines / name / "flow.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(DialplanError) as caught:
        dialplan_files.read_all(lines, voices_dir=None, embedder=None)
    assert "doen" in str(caught.value)
    assert "agnet" in str(caught.value)
    assert "wrong-line" in str(caught.value)  # the copied folder still says it is the shop


def test_a_voice_without_a_file_is_an_error(lines: Path) -> None:
    (lines.parent / "voices" / "joe.yaml").unlink()
    with pytest.raises(DialplanError, match="voice-missing"):
        dialplan_files.read_line(lines, "shop", voices_dir=lines.parent / "voices", embedder=None)


@pytest.mark.parametrize(
    ("content", "words", "place"),
    [
        ("one: 好\ntwo: 请稍等\n".encode("gb18030"), "it looks like GBK", ":1:6"),
        ("one: 好\n".encode("utf-16"), "it looks like UTF-16", ":1:1"),
        ("one: 好\ntwo: ".encode() + b"\xff\n", "not UTF-8", ":2:6"),
        (b"#" * 3_000_000, "too large", ":1:1"),
    ],
    ids=["gbk", "utf-16", "one bad byte", "huge"],
)
def test_a_file_in_the_wrong_encoding_is_named_with_its_place(
    lines: Path, content: bytes, words: str, place: str
) -> None:
    (lines / "shop" / "prompts.zh.yaml").write_bytes(content)
    loaded = dialplan_files.check_line(lines, "shop", voices_dir=None)
    (problem,) = [problem for problem in loaded.problems if problem.is_error]
    assert words in problem.message
    assert f"{problem.place}".endswith(f"shop/prompts.zh.yaml{place}")
    assert loaded.dialplan is None


def test_a_byte_order_mark_does_no_harm(lines: Path) -> None:
    path = lines / "shop" / "flow.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert dialplan_files.check_line(lines, "shop", voices_dir=None).problems == ()


def test_what_is_not_a_dialplan_file_is_left_alone_or_named(lines: Path) -> None:
    (lines / "shop" / "README.md").write_text("# notes", encoding="utf-8")
    (lines / "shop" / ".flow.yaml.swp.yaml").write_text("[", encoding="utf-8")
    assert dialplan_files.check_line(lines, "shop", voices_dir=None).problems == ()
    (lines / "shop" / "prompts.yml").write_text("a: b", encoding="utf-8")
    (problem,) = dialplan_files.check_line(lines, "shop", voices_dir=None).problems
    assert problem.rule == "unknown-file"


@pytest.mark.parametrize("name", ["../secret", "/etc", "..", "a/b", ""])
def test_an_include_cannot_leave_the_folder(lines: Path, name: str) -> None:
    secret = lines.parent / "secret"
    secret.mkdir(exist_ok=True)
    (secret / "flow.yaml").write_text("flows: {}\n", encoding="utf-8")
    path = lines / "shop" / "flow.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("include: [basics]", f'include: [basics, "{name}"]'),
        encoding="utf-8",
    )
    files, _ = dialplan_files.read_folders(lines, "shop")
    assert set(files) == {"shop", "basics"}
    assert [p.rule for p in dialplan_files.check_line(lines, "shop", voices_dir=None).problems] == [
        "bad-include"
    ]


def test_only_folders_that_say_so_are_lines(lines: Path) -> None:
    assert dialplan_files.line_names(lines) == ("shop",)
    (lines / "shop" / "flow.yaml").write_text("[", encoding="utf-8")
    assert dialplan_files.line_names(lines) == ("shop",)  # broken, and therefore to be reported, not skipped


def test_an_empty_folder_is_told_apart_from_a_broken_line(tmp_path: Path) -> None:
    with pytest.raises(DialplanError, match="no dialplan here"):
        dialplan_files.read_all(tmp_path, voices_dir=None, embedder=None)
