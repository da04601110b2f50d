"""Measures hubstream in Rust beside the official client for Go, each in a process of its own on the same processor.

Both processes get the same records and do what they are told, one after the other. First each reads what the other
wrote, and the values are compared; then samples are taken in turns.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import facts
import measured

SIDES = ["Go SDK", "hubstream"]
RECORDS = 1000
# The goal for tuples in batches.
LESS = 3.0
CODECS = ["none", "lz4", "zstd"]

ABOUT = [
    "CPU time of the process, garbage collection included, for 1000 records per request: tuples of ten columns and "
    "blobs of 1024 bytes. Each side runs in a process of its own, both on the same processor.",
    "The SDK's codecs are not public: its calls run with a transport that answers at once, so that signing and making "
    "the request is in its times, about 0.02 µs per record. hubstream's side is the codec, and the copy of the "
    "received body that reading from a connection costs.",
    "What each side wrote was read by the other and compared with what both were given before anything was timed.",
]


class Side:
    """A process that answers each line with a line."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words: str) -> str:
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"error: {self.process.args[0]} failed at: {' '.join(words)}")
        return answer.strip()

    def end(self) -> None:
        self.process.stdin.close()
        if self.process.wait() != 0:
            sys.exit(f"error: {self.process.args[0]} ended with {self.process.returncode}")


def cases() -> list[tuple[str, str, str, str]]:
    """Protocol, way, kind and compression."""
    chosen = [
        ("batch1", way, kind, codec) for kind in ("tuple", "blob") for way in ("encode", "decode") for codec in CODECS
    ]
    return chosen + [("protobuf", way, "tuple", "lz4") for way in ("encode", "decode")]


def values(path: Path) -> list[object]:
    """The records of a file of lines; numbers as numbers."""
    read = []
    for text in path.read_text().splitlines():
        line = json.loads(text)
        if "values" in line:
            number, price, paid, at, amount, *texts = line["values"]
            read.append([int(number), float(price), paid, int(at), Decimal(amount), *texts])
        else:
            read.append(line["data"])
    return read


def agree(go: Side, rust: Side, place: Path) -> dict[str, list[str]]:
    """Compares what each side reads of the other; gives the replies: the files, and their sizes before compression."""
    sources = {"tuple": place / "tuples", "blob": place / "blobs"}
    for side in (rust, go):
        side.ask("rows", str(sources["tuple"]), str(sources["blob"]))
    wanted = {kind: values(path) for kind, path in sources.items()}
    replies = {}
    for case in cases():
        name, kind = "-".join(case), case[2]
        body, lines = place / name, place / f"{name}.lines"
        if case[1] == "encode":
            size = go.ask("put", name, str(body))
            rust.ask("read", name, str(body), size, str(lines))
        else:
            size = rust.ask("reply", name, str(body))
            go.ask("get", name, str(body), size, str(lines))
            replies[name] = [str(body), size]
        found = values(lines)
        if found != wanted[kind] or len(found) != RECORDS:
            sys.exit(f"error: {name}: the values differ")
    return replies


def sizes(place: Path) -> list[measured.Row]:
    """Bytes per record of the batches that each side wrote."""
    rows = []
    for protocol, way, kind, codec in cases():
        if (protocol, way) == ("batch1", "encode") and codec != "none":
            name = f"{kind}, batch v1, {codec}"
            bodies = [place / f"batch1-{made}-{kind}-{codec}" for made in ("encode", "decode")]
            rows.append(measured.Row(name, [[body.stat().st_size / RECORDS] for body in bodies]))
    return rows


def rows(go: Side, rust: Side, replies: dict[str, list[str]], rounds: int) -> dict[str, list[measured.Row]]:
    """Takes samples in turns."""
    tables: dict[str, list[measured.Row]] = {"encode": [], "decode": [], "make": []}
    for case in cases():
        protocol, way, kind, codec = case
        name = "-".join(case)
        goal = LESS if (protocol, kind) == ("batch1", "tuple") and codec != "none" else None
        for command in ("time", "make") if way == "encode" and kind == "tuple" else ("time",):
            samples: list[list[float]] = [[], []]
            for _ in range(rounds):
                samples[0].append(float(go.ask(command, name, *replies.get(name, []))))
                samples[1].append(float(rust.ask(command, name)))
            shown = "batch v1" if protocol == "batch1" else protocol
            row = measured.Row(f"{kind}, {shown}, {codec}", samples, goal if command == "time" else None)
            print(f"{command:<5}{way:<7}", row.line(SIDES, "ns"), flush=True)
            tables["make" if command == "make" else way].append(row)
    return tables


def main() -> None:
    arguments = facts.on_one_processor(15, "go", "rust")
    watch = facts.Watch()
    go, rust = Side(arguments.go), Side(arguments.rust, "peer")
    with tempfile.TemporaryDirectory() as place:
        replies = agree(go, rust, Path(place))
        tables = rows(go, rust, replies, arguments.rounds)
        sized = sizes(Path(place))
    go.end()
    rust.end()
    titles = {
        "encode": "Rust and Go: from records to the body of a put",
        "make": "Rust and Go: the same, the records being made first",
        "decode": "Rust and Go: from the body of a reply to all values",
    }
    results = {
        "title": "Rust beside the official client for Go",
        "order": 40,
        "command": "tests/bench/run go",
        **facts.here(
            arguments.rounds,
            watch.others(),
            **{
                "aliyun-datahub-sdk-go": "1.1.5",
                "Go": facts.command("go", "env", "GOVERSION").removeprefix("go"),
            },
        ),
        "about": ABOUT,
        "not_measured": ["Networks, several processors, memory; the SDK's JSON, which its clients do not use."],
        "tables": [
            {
                "title": title,
                "unit": "ns",
                "per": "record",
                "sides": SIDES,
                "ratio": "less",
                "rows": [row.as_json(1) for row in tables[name]],
            }
            for name, title in titles.items()
        ]
        + [
            {
                "title": "Rust and Go: size of the body",
                "unit": "bytes",
                "per": "record",
                "sides": SIDES,
                "rows": [row.as_json(1) for row in sized],
            }
        ],
    }
    facts.write(arguments.file, results)


if __name__ == "__main__":
    main()
