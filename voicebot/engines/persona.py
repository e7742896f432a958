"""Persona files: who speaks, with which engine and voice, how fast, how loud, and how odd words sound.

    voices/xiaonuan.yaml        one persona; its name is the file's name
    voices/lexicon/zh.yaml      readings shared by several personas

A persona's own words win over those of its lexicon. Everything wrong in all files is told at once.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from voicebot.dialplan.model import Place
from voicebot.dialplan.report import ERROR, Problem, render, suggest, tidy
from voicebot.dialplan.yamltree import Map, Node, Scalar, read
from voicebot.engines.pronounce import SYLLABLE, syllable_phonemes
from voicebot.errors import ConfigError

ENGINES = ("kokoro", "piper")
LANGUAGES = ("zh", "en")

_KEYS = {
    "about": "free text for people",
    "engine": "kokoro or piper",
    "model": "piper: a name of `voicebot models`, or the path of an .onnx file",
    "voice": "kokoro: a style such as zf_xiaoxiao; piper: the speaker's number, only in a model of many",
    "language": "zh or en",
    "pace": "1.0 is the engine's own; 0.5 to 2.0",
    "loudness_db": "loudness on the line; -30 to -14, -20 unless told",
    "lexicon": "a file of readings, relative to the folder of personas",
    "polyphones": "word -> pinyin with tone numbers, one syllable per character",
    "replacements": "word as written -> words as spoken",
    "licence": "licence of the voice",
}
_LEXICON_KEYS = ("about", "polyphones", "replacements")
_HAN = re.compile(r"[\u3400-\u9fff〇]+")


@dataclass(frozen=True, slots=True)
class Persona:
    name: str
    engine: str
    language: str
    voice: str = ""
    model: str = ""
    pace: float = 1.0
    loudness_db: float = -20.0
    polyphones: dict[str, str] = field(default_factory=dict)
    replacements: dict[str, str] = field(default_factory=dict)
    licence: str = ""
    about: str = ""

    def fingerprint(self) -> str:
        """Changes when, and only when, something changes that can be heard."""
        heard = {k: v for k, v in asdict(self).items() if k not in ("name", "licence", "about")}
        return hashlib.sha256(json.dumps(heard, sort_keys=True).encode()).hexdigest()

    def wording(self, text: str) -> str:
        """The text with this persona's replacements: each word once, the longest first.

        Latin words are replaced whole and in any case: "APP" says nothing about "APPLE".
        """
        if not self.replacements:
            return text
        lowered = {word.lower(): spoken for word, spoken in self.replacements.items()}
        return _pattern(tuple(lowered)).sub(lambda found: lowered[found.group().lower()], text)


def read_personas(folder: Path) -> dict[str, Persona]:
    """All personas of a folder, by name. Raises ConfigError that lists every problem with its place."""
    try:
        files = sorted(folder.glob("*.yaml"))
        texts = {path: path.read_text(encoding="utf-8") for path in files}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f'voices folder "{folder}" cannot be read ({type(error).__name__}).', code="E-VOICE-FILES"
        ) from error
    if not files:
        raise ConfigError(
            f'voices folder "{folder}" holds no persona file.',
            remedy="Set VOICES_DIR to the folder with files such as xiaonuan.yaml.",
            code="E-VOICE-FILES",
        )
    reader = _Reader(folder)
    personas = {path.stem: reader.persona(path, text) for path, text in texts.items()}
    if reader.problems:
        raise ConfigError(
            "the voices cannot be used:\n" + render(tidy(reader.problems)),
            remedy='README, "Voices", lists every key.',
            code="E-VOICE-FILES",
        )
    return personas


def _pattern(known: tuple[str, ...]) -> re.Pattern[str]:
    parts = []
    for word in sorted(known, key=len, reverse=True):
        before = r"(?<![A-Za-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
        after = r"(?![A-Za-z0-9])" if word[-1].isascii() and word[-1].isalnum() else ""
        parts.append(before + re.escape(word) + after)
    return re.compile("|".join(parts), re.IGNORECASE)


class _Reader:
    """Reads files one after the other and collects what is wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self._lexicons: dict[str, tuple[dict[str, str], dict[str, str]]] = {}

    def persona(self, path: Path, text: str) -> Persona:
        root = self._root(text, str(path))
        top = Place(str(path), 1, 1)
        self._known_keys(root, tuple(_KEYS), "a persona")
        engine = self._choice(root, "engine", ENGINES, top)
        language = self._choice(root, "language", LANGUAGES, top)
        voice, model = self._text(root, "voice"), self._text(root, "model")
        if engine == "kokoro":
            self._need(voice, root, "voice", "a style such as zf_xiaoxiao", top)
            self._refuse(root, "model", "kokoro has one model for all voices")
            if language == "en":
                self._wrong(root.get("language"), top, "kokoro speaks Mandarin here", "use engine: piper")
        elif engine == "piper":
            self._need(model, root, "model", "a name of `voicebot models` or the path of an .onnx file", top)
            if voice and not voice.isdecimal():
                self._wrong(
                    root.get("voice"), top, f'piper has no voice "{voice}"', "write a speaker's number"
                )
        lexicon = self._text(root, "lexicon")
        shared = self._lexicon(lexicon, root.get("lexicon")) if lexicon else ({}, {})
        if language == "en" and engine == "piper":
            self._refuse(root, "polyphones", "an English voice knows no pinyin; use replacements")
        return Persona(
            name=path.stem,
            engine=engine,
            language=language,
            voice=voice,
            model=model,
            pace=self._number(root, "pace", 1.0, 0.5, 2.0),
            loudness_db=self._number(root, "loudness_db", -20.0, -30.0, -14.0),
            polyphones=shared[0] | self._polyphones(root.get("polyphones")),
            replacements=shared[1] | self._replacements(root.get("replacements")),
            licence=self._text(root, "licence"),
            about=self._text(root, "about"),
        )

    def _lexicon(self, name: str, node: Node | None) -> tuple[dict[str, str], dict[str, str]]:
        if name in self._lexicons:
            return self._lexicons[name]
        self._lexicons[name] = ({}, {})
        path = self.folder / name
        place = node.place if node is not None else Place(str(path), 1, 1)
        if not path.resolve().is_relative_to(self.folder.resolve()):
            self._wrong(
                node, place, f'the lexicon "{name}" lies outside the folder of personas', "move it there"
            )
            return {}, {}
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            known = [str(found.relative_to(self.folder)) for found in self.folder.glob("*/*.yaml")]
            self._wrong(node, place, f'there is no readable lexicon "{name}"', suggest(name, known))
            return {}, {}
        root = self._root(text, str(path))
        self._known_keys(root, _LEXICON_KEYS, "a lexicon")
        found = self._polyphones(root.get("polyphones")), self._replacements(root.get("replacements"))
        self._lexicons[name] = found
        return found

    def _polyphones(self, node: Node | None) -> dict[str, str]:
        found = {}
        for word, value in self._pairs(node, "polyphones"):
            syllables = value.text.replace("ü", "v").split()
            if not _HAN.fullmatch(word.text):
                self._wrong(
                    word, word.place, f'"{word.text}" is not made of Chinese characters', "use replacements"
                )
            elif len(syllables) != len(word.text):
                self._wrong(
                    value,
                    value.place,
                    f'"{value.text}" has {len(syllables)} syllables for {len(word.text)} characters',
                    "write one syllable with its tone for each character, such as chong2 xin1",
                )
            elif odd := [
                one for one in syllables if not SYLLABLE.fullmatch(one) or not syllable_phonemes(one)
            ]:
                self._wrong(
                    value,
                    value.place,
                    f'"{odd[0]}" is no pinyin syllable',
                    "write it such as nuan3, lv4, de5",
                )
            else:
                found[word.text] = " ".join(syllables)
        return found

    def _replacements(self, node: Node | None) -> dict[str, str]:
        return {
            word.text: value.text for word, value in self._pairs(node, "replacements") if word.text.strip()
        }

    def _pairs(self, node: Node | None, what: str) -> list[tuple[Scalar, Scalar]]:
        if node is None or (isinstance(node, Scalar) and node.is_empty):
            return []
        if not isinstance(node, Map):
            self._wrong(
                node, node.place, f"{what} must be a mapping", "write lines such as 重新: chong2 xin1"
            )
            return []
        found = []
        for key, value in node.entries:
            if isinstance(value, Scalar):
                found.append((key, value))
            else:
                self._wrong(value, value.place, f'"{key.text}" must be text', "")
        return found

    def _root(self, text: str, file: str) -> Map:
        tree, problems = read(text, file)
        self.problems += problems
        if isinstance(tree, Map):
            return tree
        place = Place(file, 1, 1)
        if not problems:
            self._wrong(
                None, place, "the file must be a mapping of keys and values", "see voices/xiaonuan.yaml"
            )
        return Map(place, ())

    def _known_keys(self, root: Map, known: tuple[str, ...], what: str) -> None:
        for key, _ in root.entries:
            if key.text not in known:
                remedy = suggest(key.text, known, otherwise="known: " + ", ".join(known))
                self._wrong(key, key.place, f'{what} has no key "{key.text}"', remedy, "unknown-key")

    def _text(self, root: Map, key: str) -> str:
        node = root.get(key)
        if node is None or (isinstance(node, Scalar) and node.is_empty):
            return ""
        if not isinstance(node, Scalar):
            self._wrong(node, node.place, f'"{key}" must be text', _KEYS.get(key, ""))
            return ""
        return node.text.strip()

    def _choice(self, root: Map, key: str, choices: tuple[str, ...], top: Place) -> str:
        text = self._text(root, key)
        if text in choices:
            return text
        message = f'{key} "{text}" is not known' if text else f'"{key}" is missing'
        self._wrong(root.get(key), top, message, suggest(text, choices) if text else _KEYS[key])
        return ""

    def _number(self, root: Map, key: str, default: float, low: float, high: float) -> float:
        node = root.get(key)
        if node is None:
            return default
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self._wrong(node, node.place, f'"{key}" must be a number from {low:g} to {high:g}', _KEYS[key])
            return default
        return float(value)

    def _need(self, text: str, root: Map, key: str, what: str, top: Place) -> None:
        if not text:
            self._wrong(root.get(key), top, f'"{key}" is missing', f"write {what}")

    def _refuse(self, root: Map, key: str, why: str) -> None:
        if (node := root.get(key)) is not None:
            self._wrong(node, node.place, f'"{key}" has no meaning here', why)

    def _wrong(
        self, node: Node | None, place: Place, message: str, remedy: str, rule: str = "voice-file"
    ) -> None:
        self.problems.append(Problem(node.place if node is not None else place, ERROR, message, remedy, rule))
