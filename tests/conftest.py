"""What several parts of the tests share."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from voicebot.store.database import Database
from voicebot.store.models import Base


def _server_programs() -> Path | None:
    """Folder of `initdb` and `postgres`: installed, Debian's, or inside the package pgserver."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        return folder
    try:
        import pgserver
    except ImportError:
        return None
    folder = Path(pgserver.__file__).parent / "pginstall" / "bin"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of our own on a socket in a temporary folder; it refuses to run as root."""
    programs = _server_programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: pip install pgserver, or apt-get install postgresql")
    user = "nobody" if os.getuid() == 0 else None
    with TemporaryDirectory(prefix="vb-pg-", ignore_cleanup_errors=True) as folder:
        if user:
            owner = pwd.getpwnam(user)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        data = f"{folder}/data"

        def run(*command: str) -> None:
            subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder, timeout=60)

        run(str(programs / "initdb"), "-D", data, "-U", "voicebot", "-A", "trust", "--no-sync", "-E", "UTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run(str(programs / "pg_ctl"), "-D", data, "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            yield f"postgresql+psycopg://voicebot@/postgres?host={folder}"
        finally:
            run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty store; the same tests run on both databases."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/voicebot.db"
    else:
        url = request.getfixturevalue("postgres_url")
    opened = Database(url)
    opened.migrate()
    yield opened
    if request.param == "postgresql":
        with opened.session() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(table.delete())
    opened.close()
