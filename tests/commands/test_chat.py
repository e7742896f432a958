"""`voicebot chat` on a pipe: the shipped line, by words and sounds alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from voicebot.commands import chat as command
from voicebot.errors import ConfigError


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setenv("EMBEDDER", "none")
    app = typer.Typer()
    command.register(app)

    @app.command("other")
    def other() -> None:
        """Typer runs a single command without its name."""

    return app


def run(app: typer.Typer, given: str, *words: str) -> str:
    result = CliRunner().invoke(app, ["chat", "payments", *words], input=given)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0
    return result.stdout


def test_a_refund_from_a_pipe(app: typer.Typer) -> None:
    text = run(app, "不是，我要退款\n\n对\n/key 1\n对\n没有了\n")
    assert "王先生您好" in text
    assert "caller  不是，我要退款" in text
    assert "system  book_refund(order_id=wang-shirt, method=original) →" in text
    assert "find_customer" not in text  # what is only read is shown with --trace
    assert "ended: goodbye" in text


def test_the_end_of_the_pipe_hangs_up(app: typer.Typer) -> None:
    assert run(app, "我要退款\n").rstrip().endswith("caller  hangs up")


def test_why_and_where(app: typer.Typer) -> None:
    text = run(app, "不是，我要退款\n/why\n/state\n/hangup\n我要退款\n")
    assert "read as: 不是 我要退款" in text
    assert "1.00  refund (intent), phrase" in text
    assert "steps: refund.1" in text
    assert "asks    order (confirm_slot)" in text
    assert text.count("hangs up") == 1


def test_trace_shows_why_after_each_turn(app: typer.Typer) -> None:
    text = run(app, "不是，我要退款\n对\n", "--trace")
    assert text.count("read as:") == 2
    assert "find_customer(phone=+8613800001234) → 王先生" in text


def test_silence_and_speaking_over(app: typer.Typer) -> None:
    text = run(app, "/silence\n/over 转人工\n", "--agents", "busy")
    assert "says nothing" in text
    assert "agent  is told: 王先生" in text
    assert "open_ticket" in text


def test_wrong_orders_are_explained(app: typer.Typer) -> None:
    text = run(app, "/stat\n/key abc\n/help\n")
    assert 'did you mean "state"?' in text
    assert "/key cannot be done like this" in text
    assert "/silence" in text


def test_programs_read_json(app: typer.Typer) -> None:
    rows = [json.loads(row) for row in run(app, "不是，我要退款\n", "--json").splitlines()]
    said = [row for row in rows if row["who"] == "bot"]
    assert said[-1]["data"]["prompt"] == "confirm_order"
    assert {"who": "system", "what": "read", "text": "list_orders"}.items() <= next(
        row for row in rows if row["text"] == "list_orders"
    ).items()
    assert any(row["who"] == "why" and row["what"] == "intent" for row in rows)


def test_a_script_file_may_explain_itself(app: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "call.txt").write_text("# first the greeting\n不是，我要退款\n", encoding="utf-8")
    text = run(app, "", "--script", str(tmp_path / "call.txt"))
    assert "caller  不是，我要退款" in text
    assert "first the greeting" not in text


def test_english(app: typer.Typer) -> None:
    text = run(app, "no, I want a refund\n", "--language", "en")
    assert "Hello Mr Smith" in text
    assert "ending in 1122" in text


def test_a_withheld_number(app: typer.Typer) -> None:
    assert "王先生" not in run(app, "我要退款\n", "--caller", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--caller", "nobody"], "not a phone number"),
        (["--agents", "bussy"], "bussy"),
        (["--language", "fr"], 'does not speak "fr"'),
        (["--script", "/nowhere/x.txt"], "cannot be read"),
    ],
)
def test_wrong_use(app: typer.Typer, words: list[str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        run(app, "", *words)


def test_a_line_that_is_not_there(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["chat", "paymnets"])
    assert isinstance(result.exception, ConfigError)
    assert 'did you mean "payments"' in str(result.exception)
