"""`voicebot serve`: answer the phone."""

from __future__ import annotations

import asyncio
import logging
import socket

import typer
import uvicorn
from fastapi import FastAPI

from voicebot.app import build_app
from voicebot.commands.settings import load_settings
from voicebot.settings import Settings
from voicebot.switchboard import Switchboard

log = logging.getLogger("voicebot.serve")

MESSAGE_BYTES = 1 << 20
"""largest message taken from a stream; the carrier's have 300 bytes"""
PING_S = 20.0


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("serve")
    def serve_command() -> None:
        """Answer calls until stopped. Everything is set by the environment or `.env`; see `settings`.

        Loads and warms up everything before the port opens. Ctrl-C or SIGTERM: no new calls, running
        ones may end within SHUTDOWN_MS; a second one stops at once. Exit codes: 0 stopped, 2 a
        setting, dialplan, voice or model is wrong.
        """
        settings = load_settings()
        set_up_logging(settings.log_level)
        server = Server(build_app(settings), settings)
        server.run()


def set_up_logging(level: str) -> None:
    """One line an event, to standard error; other people's libraries only when they warn."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("voicebot").setLevel(level)


class Server(uvicorn.Server):
    """Lets running calls end before it stops."""

    def __init__(self, app: FastAPI, settings: Settings, *, host: str = "", port: int = -1) -> None:
        config = uvicorn.Config(
            app,
            host=host or settings.host,
            port=port if port >= 0 else settings.port,
            log_config=None,
            access_log=False,  # addresses may carry the token of a handoff
            proxy_headers=False,  # the public URL comes from the settings only
            server_header=False,
            ws_max_size=MESSAGE_BYTES,
            ws_per_message_deflate=False,  # the carrier's proxies have trouble with it
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            timeout_graceful_shutdown=5,
        )
        super().__init__(config)
        self._calls: Switchboard = app.state.switchboard
        self._drain_s = settings.shutdown_ms / 1000
        self._public_url = settings.public_url
        self.ready = asyncio.Event()

    @property
    def port(self) -> int:
        """Where it listens, once `ready` is set; chosen by the system when 0 was asked for."""
        address = self.servers[0].sockets[0].getsockname()
        return int(address[1])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            log.info("ready: answering at %s, listening on port %s", self._public_url, self.port)
            self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """The port stays open while calls end: their webhooks still arrive."""
        log.info("stopping: %s calls may end within %s s", self._calls.status()["calls"], self._drain_s)
        draining = asyncio.ensure_future(self._calls.drain(self._drain_s))
        while not draining.done() and not self.force_exit:
            await asyncio.wait({draining}, timeout=0.1)
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)
        await super().shutdown(sockets)
        log.info("stopped")
