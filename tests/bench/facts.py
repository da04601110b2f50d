"""What a results file tells of the machine and the versions."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import time
from pathlib import Path

import loopback

ROOT = Path(__file__).resolve().parents[2]
SERVER_PROCESSOR, CLIENT_PROCESSOR = 0, 1


def command(*words: str) -> str:
    """What a command says; `unknown` if it cannot be run."""
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def processor() -> str:
    """The name of the processor."""
    try:
        for text in Path("/proc/cpuinfo").read_text().splitlines():
            if text.startswith("model name"):
                return text.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown processor"


class Watch:
    """Tells which part of the processors other programs took since it was made."""

    def __init__(self) -> None:
        self.start, self.before = time.perf_counter(), self._others()

    @staticmethod
    def _others() -> float:
        try:
            user, nice, system = (int(word) for word in Path("/proc/stat").read_text().split()[1:4])
        except OSError:
            return 0.0
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = time.process_time() + children.ru_utime + children.ru_stime
        return (user + nice + system) / os.sysconf("SC_CLK_TCK") - own

    def others(self) -> float:
        spent = time.perf_counter() - self.start
        return max(0.0, self._others() - self.before) / spent / (os.cpu_count() or 1)


def here(rounds: int, others: float, **versions: str) -> dict[str, object]:
    """Date, machine and versions: those that are given, and those of everything that is compared with them."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": (
            f"{os.cpu_count()} processors ({processor()}), {platform.system()} {platform.release()}, "
            f"connections with {loopback.congestion_control()}; "
            f"other programs took {others:.0%} of them during the run"
        ),
        "versions": {
            **versions,
            "rustc": command("rustc", "--version").removeprefix("rustc ").partition(" ")[0],
            "commit": command("git", "rev-parse", "--short", "HEAD"),
            "samples": f"{rounds} per side and case, in turns (A B A B …)",
        },
    }


def python_versions() -> dict[str, str]:
    """The versions of Python and of the official client for it."""
    return {"Python": platform.python_version(), "pydatahub": importlib.metadata.version("pydatahub")}


def on_one_processor(rounds: int, *programs: str) -> argparse.Namespace:
    """Reads the command line of a comparison: its programs, the file of its results, and `--rounds`.

    This process and those that it starts then run on one processor, where the system can do that.
    """
    parser = argparse.ArgumentParser()
    for program in programs:
        parser.add_argument(program)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=rounds)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return parser.parse_args()


def write(file: Path, results: dict[str, object]) -> None:
    """Writes a results file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
