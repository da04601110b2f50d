"""Times the same work with the official client and with hubstream, in turns, and writes medians."""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cases
import facts
import measured
import process
import tls
import traffic

# One sample takes about this long with the faster client.
SAMPLE_SECONDS = 0.1
HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "python.json"
SIDES = ["pydatahub", "hubstream"]
REQUEST_SIDES = ["pydatahub", "bare socket", "hubstream"]
TITLES = {
    "encode": "Encoding: from Python values to the body of a put",
    "decode": "Decoding: from the body of a reply to all values as Python objects",
    "arrow": "Decoding to Arrow",
    "put": "Put: the whole call, from Python values",
    "get": "Get: the whole call, to all values as Python objects",
    "request": "One small request",
}


def sample(work: Callable[[], object], times: int, units: int) -> float:
    """CPU time per unit of doing the work some times: that of all threads of this process, in seconds."""
    gc.collect()
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times / units


def measure(case: cases.Case, rounds: int) -> measured.Row:
    """Takes the samples of a case, one side after the other in each round."""
    case.check()
    work = [case.official, case.ours]
    if case.table == "request":
        work.insert(1, case.bare)
    times = []
    for once in work:
        if once is None:
            times.append(0)
            continue
        once()
        start = time.process_time()
        once()
        spent = max(time.process_time() - start, 1e-6)
        times.append(max(1, min(2000, round(SAMPLE_SECONDS / spent))))
    samples: list[list[float]] = [[] for _ in work]
    for _ in range(rounds):
        for side, once in enumerate(work):
            if once is not None:
                samples[side].append(sample(once, times[side], case.units) * 1e6)
    return measured.Row(case.name, samples, target=case.target)


class Emulator:
    """An emulator in a process of its own, on a processor of its own if there are two."""

    def __init__(self, processor: int = facts.SERVER_PROCESSOR) -> None:
        self.processor = processor

    def __enter__(self) -> str:
        command = [*shlex.split(os.environ["HUBSTREAM_EMULATOR"]), "--datahub", "127.0.0.1:0", "--limits", "relaxed"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: pin(self.processor)
        )
        ready = self.process.stdout.readline() if self.process.stdout else ""
        if not ready:
            raise SystemExit("the emulator did not start")
        return json.loads(ready)["datahub"]

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


def pin(processor: int) -> None:
    """Keeps this process on one processor, where the system can do that."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {processor})


def _secured(url: str) -> Iterator[cases.Case]:
    with tls.front(url, lambda: pin(facts.SERVER_PROCESSOR)) as (secured, authority):
        yield from cases.secured(secured, authority)


def records(options: argparse.Namespace) -> list[dict[str, object]]:
    """The comparisons within one process, by operation."""
    rows: dict[str, list[dict[str, object]]] = {}
    parts = (
        (facts.SERVER_PROCESSOR, cases.all_cases),
        (facts.CLIENT_PROCESSOR, cases.nearby),
        (facts.SERVER_PROCESSOR, _secured),
    )
    for processor, chosen in parts:
        with Emulator(processor) as url:
            pin(facts.CLIENT_PROCESSOR)
            for case in chosen(url):
                if options.only in f"{case.table} {case.name}":
                    row = measure(case, options.rounds)
                    sides = REQUEST_SIDES if case.table == "request" else SIDES
                    print(f"{case.table:8}{row.line(sides, 'µs')}", flush=True)
                    rows.setdefault(case.table, []).append(row.as_json(2))
    with contextlib.suppress(AttributeError):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    tables = []
    for name, found in rows.items():
        per, sides = ("request", REQUEST_SIDES) if name == "request" else ("record", SIDES)
        table = {"title": TITLES[name], "unit": "µs", "per": per, "sides": sides, "ratio": "less", "rows": found}
        tables.append(table)
    return tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=RESULTS, help="file to write")
    parser.add_argument("--rounds", type=int, default=11, help="samples per client and case (default 11)")
    parser.add_argument("--dry", action="store_true", help="write no file")
    parser.add_argument("--only", default="", help="cases whose table and name have this text")
    options = parser.parse_args()
    options.rounds = max(options.rounds, 3)
    watch = facts.Watch()
    tables = records(options)
    for part in (traffic, process):
        tables += part.tables(Emulator, options)
    found = {
        "title": "Python: the official client and hubstream",
        "order": 10,
        "command": "tests/bench/run python",
        **facts.here(options.rounds, watch.others(), **facts.python_versions()),
        **json.loads((HERE / "python.json").read_text()),
        "tables": tables,
    }
    if not options.dry:
        options.out.parent.mkdir(exist_ok=True)
        options.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
        print(f"wrote {options.out}")


if __name__ == "__main__":
    main()
