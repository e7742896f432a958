"""The demo shop on a fixed Saturday."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from voicebot.backoffice import data
from voicebot.backoffice.demo import DemoBackOffice
from voicebot.commands.data import DEMO_DATA
from voicebot.store.database import Database
from voicebot.store.threads import Workers

NOW = datetime(2026, 11, 21, 12, 0)


@pytest.fixture
def office(database: Database) -> Iterator[DemoBackOffice]:
    data.load(database, DEMO_DATA.read_text(encoding="utf-8"), file="demo_data.yaml", now=NOW)
    workers = Workers(8)
    yield DemoBackOffice(database, workers, lambda: NOW)
    workers.close()
