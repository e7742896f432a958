"""`voicebot handoff`: the link to the page of a handed-over call."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from voicebot.carrier.handoff import HandoffTokens
from voicebot.carrier.urls import Urls
from voicebot.commands.settings import load_settings
from voicebot.errors import ConfigError


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("handoff")
    def handoff_command(
        transfer_id: Annotated[str, typer.Argument(help="Id of the transfer, as in the log: transfer=...")],
        as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    ) -> None:
        """Print the link that opens the agent's page of a transfer; good for a day after it.

        Whoever has the link can read the record: pass it on to the agent only.
        Exit codes: 0 done, 2 PUBLIC_URL or TWILIO_AUTH_TOKEN is not set.
        """
        settings = load_settings()
        if not settings.public_url or not settings.twilio_auth_token:
            raise ConfigError(
                "links need PUBLIC_URL and TWILIO_AUTH_TOKEN.", remedy="Set both as the server has them."
            )
        tokens = HandoffTokens(settings.twilio_auth_token)
        link = tokens.link(Urls(settings.public_url), transfer_id)
        typer.echo(json.dumps({"transfer": transfer_id, "link": link}) if as_json else link)
