"""Measures puts and gets of hubstream in Rust beside those of the crate `datahub`, and writes the results file."""

from __future__ import annotations

import json
import subprocess
import tempfile
import tomllib
from pathlib import Path

import facts

SIDES = ["crate datahub", "hubstream"]
# Of the JSON protocol without compression, which is the only one that the crate has: the ratio, and nanoseconds.
TARGETS = {"put": (2.5, 600), "get": (3.0, 1100)}
ABOUT = [
    "The crate `datahub` is not of the service's vendor. It has the JSON protocol without compression, and takes and "
    "gives all values as texts.",
    "CPU time of the process per record, 1000 tuples of 10 columns per request. Both clients run in one process, on "
    "the same processor as a server that answers every request alike. A put goes from values in memory to the reply, "
    "a get from the request to all values; those of hubstream have the types of the columns.",
    "Before anything was timed, each read from the emulator what the other had put there, and the values were "
    "compared.",
]


def version() -> str:
    """The version of the crate that is compared."""
    lock = tomllib.loads((Path(__file__).resolve().parent / "Cargo.lock").read_text())
    return next(package["version"] for package in lock["package"] if package["name"] == "datahub")


def main() -> None:
    arguments = facts.on_one_processor(11, "program", "server")
    watch = facts.Watch()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measured.json"
        subprocess.run([arguments.program, arguments.server, str(arguments.rounds), path], check=True)
        found = json.loads(path.read_text())
    rows = []
    for name, (target, limit) in TARGETS.items():
        values, spread = found[name]["ns_per_record"], max(found[name]["spread"])
        print(f"{name}  {SIDES[0]} {values[0]:,.0f} ns  {SIDES[1]} {values[1]:,.0f} ns  {values[0] / values[1]:.1f}x")
        rows.append(
            {
                "name": f"{name} of tuples, JSON uncompressed",
                "values": [round(value, 1) for value in values],
                "spread": round(spread, 3),
                "target": target,
                "limit": limit,
            }
        )
    results = {
        "title": "Rust beside the crate datahub",
        "order": 50,
        "command": "tests/bench/run crate",
        **facts.here(arguments.rounds, watch.others(), **{"crate datahub": version()}),
        "about": ABOUT,
        "not_measured": ["Networks, TLS, several processors, memory."],
        "tables": [
            {
                "title": "Rust: whole puts and gets, and the crate datahub",
                "unit": "ns",
                "per": "record",
                "sides": SIDES,
                "ratio": "less",
                "rows": rows,
            }
        ],
    }
    facts.write(arguments.file, results)


if __name__ == "__main__":
    main()
