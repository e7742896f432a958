"""Nobody ships a package whose licence nobody has looked at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LISTED = set(re.findall(r"^\| ([a-z0-9._-]+) \| \S", (ROOT / "README.md").read_text(encoding="utf-8"), re.M))


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-models.lock", "requirements-dev.lock"])
def test_every_locked_package_stands_in_the_list_with_its_licence(lock: str) -> None:
    locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / lock).read_text(encoding="utf-8"), re.M))
    assert len(locked) > 5
    assert locked - LISTED == set()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-models.lock", "requirements-dev.lock"])
def test_locks_pin_and_hash_everything_and_name_no_package_index(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", text).strip())
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+ \\\n\s+--hash=sha256:", entry), entry.splitlines()[0]
    assert not re.search(r"://|--index|--find-links|--trusted-host", text)


def test_piper_is_imported_in_one_place_only() -> None:
    """piper-tts is GPL-3: everything else must work without it."""
    users = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "voicebot").rglob("*.py")
        if re.search(r"^\s*(import|from) piper\b", path.read_text(encoding="utf-8"), re.M)
    }
    assert users == {"voicebot/engines/piper.py"}
