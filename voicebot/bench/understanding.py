"""Do two customers who mean the same land on the same intent or answer? Measured on pairs of questions.

    python -m voicebot.bench.understanding PAIRS.tsv --line payments --topics '退款|物流|提现'

The file has columns source, first, second, same (0 or 1). Plain nearest-embedding, which takes the
nearest example whatever it is, is measured in the same run.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from voicebot import dialplan_files
from voicebot.dialogue import understand
from voicebot.dialplan.model import Dialplan
from voicebot.engines.e5 import E5Embedder
from voicebot.events import Hearing, Vector

Reading = Callable[[str], str]
"""sentence to the name it lands on, "" for none"""


def ours(dialplan: Dialplan, embed: Callable[[str], Vector]) -> Reading:
    """As a call would read it."""

    def land(text: str) -> str:
        read = understand.read(dialplan, "zh", Hearing(text=text, vector=embed(text)), embed)
        best = read.best
        taken = best is not None and best.score >= understand.LIKELY and best.score > read.out_of_scope
        return best.name if taken and best is not None else ""

    return land


def nearest(dialplan: Dialplan, embed: Callable[[str], Vector]) -> Reading:
    """The example with the nearest vector, out-of-scope sentences among them."""
    phrases = dialplan.phrases["zh"]
    known = [(intent.name, vector) for intent in phrases.intents.values() for vector in intent.vectors]
    known += [(entry.name, vector) for entry in dialplan.knowledge["zh"] for vector in entry.vectors]
    known += [("", vector) for vector in phrases.out_of_scope_vectors]
    vectors = np.asarray([vector for _, vector in known])
    return lambda text: known[int(np.argmax(vectors @ embed(text)))][0]


def measure(pairs: list[tuple[str, str]], land: Reading) -> dict[str, float | int]:
    """Shares over pairs that mean the same."""
    landed = [(land(first), land(second)) for first, second in pairs]
    count = max(1, len(landed))
    return {
        "pairs": len(landed),
        "together": round(sum(bool(a) and a == b for a, b in landed) / count, 3),
        "both_not_ours": round(sum(not a and not b for a, b in landed) / count, 3),
        "one_not_ours": round(sum(bool(a) != bool(b) for a, b in landed) / count, 3),
        "apart": round(sum(bool(a) and bool(b) and a != b for a, b in landed) / count, 3),
    }


def main(arguments: list[str]) -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--line", default="payments")
    parser.add_argument("--dialplans", type=Path, default=Path("dialplans"))
    parser.add_argument("--topics", default="", help="both sentences must contain this pattern")
    given = parser.parse_args(arguments)
    embedder = E5Embedder()
    made: dict[str, Vector] = {}

    def embed(text: str) -> Vector:
        if text not in made:
            made[text] = embedder.embed(text)
        return made[text]

    dialplan = dialplan_files.read_line(given.dialplans, given.line, voices_dir=None, embedder=embedder)
    topics = re.compile(given.topics)
    with given.pairs.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    pairs = [
        (row["first"], row["second"])
        for row in rows
        if row["same"] == "1" and topics.search(row["first"]) and topics.search(row["second"])
    ]
    found = {
        "voicebot": measure(pairs, ours(dialplan, embed)),
        "nearest_embedding": measure(pairs, nearest(dialplan, embed)),
    }
    print(json.dumps(found, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
