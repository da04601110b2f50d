"""Measures the codecs and whole requests of hubstream in Rust beside their floors, and writes the results file."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import facts

SIDES = ["floor", "hubstream"]
CODEC, REQUEST = 1.4, 1.5
# Nanoseconds.
SIGNATURE = 4000
ABOUT = [
    "CPU time of the process per record, 1000 records of 10 columns (336 bytes of values) or of 1024 bytes per call; "
    "floor and hubstream in turns in one process, pinned to one processor, medians.",
    "The floor of a codec is a loop written for it (`tests/bench/rust/src/floor`): it reads and writes the same bytes "
    "with the same checks of lengths and UTF-8, learns the types of the columns at run time, uses no `unsafe`, writes "
    "into memory that it uses again and keeps no index of the records; the libraries for compression, checksums, "
    "Base64 and numbers are the same. Both sides must write the same bytes and read the same values before they are "
    "timed. Encoding starts from records in memory, decoding ends when every value was looked at.",
    "The floor of a put or get is that of its codec, and a bare socket to the same server: a process that answers "
    "every request with the bytes of a reply. hubstream is the whole client: signature, connections, retries.",
    "The floor of a signature is its HMAC alone; hubstream's side makes the text to sign and the header as well.",
]
NOT_MEASURED = ["TLS, several processors, memory."]


def measure(program: str, what: str, rounds: int) -> list[dict]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measured.json"
        subprocess.run([program, what, "--rounds", str(rounds), "--json", str(path)], check=True)
        return json.loads(path.read_text())


def row(case: dict, target: float) -> dict[str, object]:
    values = [round(case[name], 1) for name in ("floor_ns_per_record", "ns_per_record")]
    spread = round(max(case["spread"], case["floor_spread"]), 3)
    found: dict[str, object] = {"name": case["case"].replace("-", " "), "values": values, "spread": spread}
    if case["records"] > 1:
        found["target"] = target
    elif case["case"] == "signature":
        found["limit"] = SIGNATURE
    return found


def table(title: str, per: str, cases: list[dict], target: float) -> dict[str, object]:
    rows = [row(case, target) for case in cases]
    return {"title": title, "unit": "ns", "per": per, "sides": SIDES, "ratio": "of", "rows": rows}


def main() -> None:
    arguments = facts.on_one_processor(11, "program")
    watch = facts.Watch()
    codecs = measure(arguments.program, "codec", arguments.rounds)
    requests = measure(arguments.program, "http", arguments.rounds)
    signature = measure(arguments.program, "sign", arguments.rounds)
    small = [case for case in requests if case["records"] == 1]
    many = [case for case in requests if case["records"] > 1]
    results = {
        "title": "Rust beside the machine's floor",
        "order": 30,
        "command": "tests/bench/run rust",
        **facts.here(arguments.rounds, watch.others()),
        "about": ABOUT,
        "not_measured": NOT_MEASURED,
        "tables": [
            table("Codecs in Rust", "record", codecs, CODEC),
            table("Puts and gets in Rust over HTTP", "record", many, REQUEST),
            table("One small request in Rust over HTTP", "request", small + signature, REQUEST),
        ],
    }
    facts.write(arguments.file, results)


if __name__ == "__main__":
    main()
