"""Times the same work with the official client and with hubstream, in turns, and reports medians."""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import shlex
import signal
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cases
import report

# One sample takes about this long with the faster client; the slower one does the same work.
SAMPLE_SECONDS = 0.1


@dataclass
class Side:
    """What was measured of one client."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def cpu_us(self) -> float:
        """Median CPU time per unit in microseconds."""
        return statistics.median(self.cpu) * 1e6

    def per_second(self) -> float:
        """Median units per second."""
        return 1 / statistics.median(self.wall)

    def spread(self) -> float:
        """Half the distance of the quartiles of the CPU time, as a part of the median."""
        low, middle, high = statistics.quantiles(self.cpu, n=4)
        return (high - low) / 2 / middle


@dataclass
class Result:
    """One line of the report."""

    case: cases.Case
    official: Side
    ours: Side

    def ratio(self) -> float:
        """How many times less CPU time hubstream takes."""
        return self.official.cpu_us() / self.ours.cpu_us()


def sample(work: Callable[[], object], times: int, units: int, side: Side) -> None:
    """Does the work some times; CPU time is that of all threads of this process."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        work()
    side.wall.append((time.perf_counter() - wall) / times / units)
    side.cpu.append((time.process_time() - cpu) / times / units)


def measure(case: cases.Case, rounds: int) -> Result:
    """Takes the samples of a case, one client after the other in each round."""
    case.check()
    work = {"official": case.official, "ours": case.ours}
    times = {}
    for name, once in work.items():
        once()
        start = time.perf_counter()
        once()
        spent = max(time.perf_counter() - start, 1e-6)
        times[name] = max(1, min(2000, round(SAMPLE_SECONDS / spent)))
    sides = {"official": Side(), "ours": Side()}
    for _ in range(rounds):
        for name, once in work.items():
            sample(once, times[name], case.units, sides[name])
    return Result(case, sides["official"], sides["ours"])


class Emulator:
    """An emulator in a process of its own."""

    def __enter__(self) -> str:
        command = [*shlex.split(os.environ["HUBSTREAM_EMULATOR"]), "--datahub", "127.0.0.1:0", "--limits", "relaxed"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline() if self.process.stdout else ""
        if not ready:
            raise SystemExit("the emulator did not start")
        return json.loads(ready)["datahub"]

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


def busy_seconds() -> float:
    """CPU time that all other programs have taken since the machine started; 0 where that is not told."""
    try:
        user, nice, system = (int(word) for word in Path("/proc/stat").read_text().split()[1:4])
    except OSError:
        return 0.0
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = time.process_time() + children.ru_utime + children.ru_stime
    return (user + nice + system) / os.sysconf("SC_CLK_TCK") - own


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="samples per client and case (default 11)")
    parser.add_argument("--dry", action="store_true", help="write no file")
    parser.add_argument("--only", default="", help="cases whose name has this text")
    options = parser.parse_args()
    results = []
    before = busy_seconds()
    start = time.perf_counter()
    print(report.HEAD)
    with Emulator() as url:
        for case in cases.all_cases(url):
            if options.only not in case.name:
                continue
            results.append(measure(case, max(options.rounds, 3)))
            print(report.line(results[-1]), flush=True)
    spent = time.perf_counter() - start
    others = max(0.0, busy_seconds() - before) / spent / (os.cpu_count() or 1)
    print(f"other programs took {others:.0%} of the processors meanwhile")
    if not options.dry:
        print(f"wrote {report.write(results, options.rounds, others)}")


if __name__ == "__main__":
    main()
