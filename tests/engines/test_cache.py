"""What was spoken once is there at once; what changed is spoken anew; a broken disk silences nobody."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from voicebot.audio import join
from voicebot.engines.cache import CachedSynthesiser
from voicebot.errors import EngineError
from voicebot.events import Samples


class CountingVoice:
    """Speaks each character as a part of 100 samples that hold its code; counts parts made and freed."""

    def __init__(self) -> None:
        self.look = {"a": "1", "b": "1"}
        self.made = 0
        self.open = 0
        self.fails_at = -1
        self.is_warm = False

    def warm_up(self) -> None:
        self.is_warm = True

    def fingerprint(self, voice: str) -> str:
        return f"{voice} {self.look[voice]}"

    def synthesise(self, text: str, *, voice: str, pace: float = 1.0) -> Iterator[Samples]:
        self.open += 1
        try:
            for number, char in enumerate(text):
                if number == self.fails_at:
                    raise EngineError("broken")
                self.made += 1
                yield np.full(100, ord(char), dtype=np.int16)
        finally:
            self.open -= 1


@pytest.fixture
def voice() -> CountingVoice:
    return CountingVoice()


@pytest.fixture
def cache(voice: CountingVoice, tmp_path: Path) -> CachedSynthesiser:
    return CachedSynthesiser(voice, tmp_path / "audio")


def hear(cache: CachedSynthesiser, text: str, *, voice: str = "a", pace: float = 1.0) -> str:
    return "".join(chr(code) for code in join(list(cache.synthesise(text, voice=voice, pace=pace)))[::100])


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_same_text_is_made_once(cache: CachedSynthesiser, voice: CountingVoice) -> None:
    assert not cache.is_cached("你好", voice="a")
    assert hear(cache, "你好") == hear(cache, "你好") == "你好"
    assert cache.is_cached("你好", voice="a")
    assert voice.made == 2


def test_it_survives_a_restart(cache: CachedSynthesiser, voice: CountingVoice, tmp_path: Path) -> None:
    hear(cache, "你好")
    after = CachedSynthesiser(voice, tmp_path / "audio")
    assert after.is_cached("你好", voice="a")
    assert hear(after, "你好") == "你好"
    assert voice.made == 2


@pytest.mark.parametrize(
    ("text", "voice_name", "pace"),
    [("你好。", "a", 1.0), ("你好", "b", 1.0), ("你好", "a", 0.9)],
    ids=["other text", "other persona", "other pace"],
)
def test_what_sounds_different_is_not_mixed_up(
    cache: CachedSynthesiser, text: str, voice_name: str, pace: float
) -> None:
    hear(cache, "你好")
    assert not cache.is_cached(text, voice=voice_name, pace=pace)


def test_a_changed_persona_is_spoken_anew(cache: CachedSynthesiser, voice: CountingVoice) -> None:
    hear(cache, "你好")
    voice.look["a"] = "2"
    assert not cache.is_cached("你好", voice="a")
    hear(cache, "你好")
    assert voice.made == 4


def test_the_first_part_is_heard_before_the_rest_is_made(
    cache: CachedSynthesiser, voice: CountingVoice
) -> None:
    next(iter(cache.synthesise("一二三", voice="a")))
    assert voice.made == 1


def test_a_caller_who_hangs_up_frees_the_engine_and_leaves_nothing_half(
    cache: CachedSynthesiser, voice: CountingVoice, tmp_path: Path
) -> None:
    parts = cache.synthesise("一二三", voice="a")
    next(parts)
    parts.close()  # type: ignore[attr-defined]
    assert voice.open == 0
    assert not cache.is_cached("一二三", voice="a")
    assert files(tmp_path) == []
    assert hear(cache, "一二三") == "一二三"


def test_two_callers_share_one_making(cache: CachedSynthesiser, voice: CountingVoice) -> None:
    first, second = cache.synthesise("一二三", voice="a"), cache.synthesise("一二三", voice="a")
    heard = [next(first), next(second), next(second), next(first)]
    assert [chr(part[0]) for part in heard] == ["一", "一", "二", "二"]
    first.close()  # type: ignore[attr-defined]  # hangs up; the other goes on where it was
    assert [chr(part[0]) for part in second] == ["三"]
    assert voice.made == 3
    assert voice.open == 0


def test_many_threads_make_each_text_once(cache: CachedSynthesiser, voice: CountingVoice) -> None:
    texts = [f"第{number}句" for number in range(5)]
    heard: list[str] = []
    barrier = threading.Barrier(8)

    def caller() -> None:
        barrier.wait()
        for text in texts:
            heard.append(hear(cache, text))

    threads = [threading.Thread(target=caller) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(heard) == sorted(texts * 8)
    assert voice.made <= 2 * sum(len(text) for text in texts)
    assert voice.open == 0


def test_a_failing_engine_is_told_to_everybody_and_asked_again_next_time(
    cache: CachedSynthesiser, voice: CountingVoice, tmp_path: Path
) -> None:
    voice.fails_at = 1
    parts = cache.synthesise("一二", voice="a")
    next(parts)
    with pytest.raises(EngineError):
        next(parts)
    assert files(tmp_path) == []
    voice.fails_at = -1
    assert hear(cache, "一二") == "一二"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-50]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not sound"),
        lambda path: path.unlink(),
    ],
    ids=["cut off", "empty", "foreign", "gone"],
)
def test_a_damaged_file_is_made_again(
    cache: CachedSynthesiser, voice: CountingVoice, tmp_path: Path, damage: object
) -> None:
    hear(cache, "你好")
    assert callable(damage)
    damage(files(tmp_path)[0])
    assert hear(CachedSynthesiser(voice, tmp_path / "audio"), "你好") == "你好"
    assert hear(CachedSynthesiser(voice, tmp_path / "audio"), "你好") == "你好"
    assert voice.made == 4


def test_a_folder_that_cannot_be_written_costs_only_time(
    voice: CountingVoice, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "audio").write_text("a file where the folder should be")
    cache = CachedSynthesiser(voice, tmp_path / "audio")
    assert hear(cache, "一") == hear(cache, "一") == "一"
    assert hear(cache, "二") == "二"
    assert [record.levelname for record in caplog.records] == ["WARNING"]  # once, not for every sentence
    assert "E-TTS-CACHE" in caplog.text


def test_the_longest_unused_files_go_first(voice: CountingVoice, tmp_path: Path) -> None:
    cache = CachedSynthesiser(voice, tmp_path / "audio", max_bytes=1000, memory_bytes=0)
    for age, text in enumerate(["三", "二", "一"]):  # 244 bytes each
        hear(cache, text)
        for path in files(tmp_path):
            if path.stat().st_mtime > 1_000_000_000:
                os.utime(path, (age, age))
    hear(cache, "三")  # used now
    hear(cache, "四")
    hear(cache, "五")  # too much: two must go
    assert {text: cache.is_cached(text, voice="a") for text in "一二三四五"} == {
        "一": False,
        "二": False,
        "三": True,
        "四": True,
        "五": True,
    }


def test_a_start_clears_what_a_crash_left(voice: CountingVoice, tmp_path: Path) -> None:
    (tmp_path / "audio" / "ab").mkdir(parents=True)
    old, fresh = tmp_path / "audio/ab/x.part", tmp_path / "audio/ab/y.part"
    old.write_bytes(b"half"), fresh.write_bytes(b"being written by another process")
    os.utime(old, (0, 0))
    CachedSynthesiser(voice, tmp_path / "audio").warm_up()
    assert voice.is_warm
    assert not old.exists()
    assert fresh.exists()


def test_memory_is_bounded(voice: CountingVoice, tmp_path: Path) -> None:
    (tmp_path / "audio").write_text("no folder: only memory remembers")
    cache = CachedSynthesiser(voice, tmp_path / "audio", memory_bytes=500)
    for text in "一二三":  # 200 bytes each
        hear(cache, text)
    assert [cache.is_cached(text, voice="a") for text in "一二三"] == [False, True, True]


def test_a_text_without_sound_gives_no_part_also_from_the_cache(cache: CachedSynthesiser) -> None:
    assert list(cache.synthesise("", voice="a")) == []
    assert list(cache.synthesise("", voice="a")) == []


def test_nobody_can_change_what_others_will_hear(cache: CachedSynthesiser) -> None:
    for part in (*cache.synthesise("一", voice="a"), *cache.synthesise("一", voice="a")):
        with pytest.raises(ValueError, match="read-only"):
            part[0] = 0
