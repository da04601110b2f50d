"""What was measured, as lines on the screen and as docs/benchmarks.md."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compare import Result

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 38
HEAD = f"{'':<{WIDTH}} {'pydatahub':>21} {'hubstream':>21} {'CPU':>6}\n{'':<{WIDTH}} {'µs CPU':>10} {'per s':>10} {'µs CPU':>10} {'per s':>10} {'ratio':>6}"


def line(result: Result) -> str:
    """One case on one line."""
    official, ours = result.official, result.ours
    return (
        f"{result.case.name:<{WIDTH}} {official.cpu_us():>10.2f} {official.per_second():>10,.0f} "
        f"{ours.cpu_us():>10.2f} {ours.per_second():>10,.0f} {result.ratio():>5.1f}x"
    )


def _command(*words: str) -> str:
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _processor() -> str:
    try:
        for text in Path("/proc/cpuinfo").read_text().splitlines():
            if text.startswith("model name"):
                return text.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown processor"


def _table(results: list[Result]) -> str:
    rows = [
        "| | pydatahub CPU | per second | hubstream CPU | per second | CPU ratio |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        official, ours = result.official, result.ours
        rows.append(
            f"| {result.case.name} | {official.cpu_us():,.2f} µs | {official.per_second():,.0f} | "
            f"{ours.cpu_us():,.2f} µs | {ours.per_second():,.0f} | {result.ratio():.1f}× |"
        )
    return "\n".join(rows)


def write(results: list[Result], rounds: int, others: float) -> Path:
    """Writes the page; returns where."""
    spread = max(max(result.official.spread(), result.ours.spread()) for result in results)
    text = (Path(__file__).parent / "page.md").read_text()
    facts = {
        "table": _table(results),
        "machine": f"{os.cpu_count()} processors ({_processor()}), {platform.system()} {platform.release()}",
        "versions": (
            f"Python {platform.python_version()}, pydatahub {importlib.metadata.version('pydatahub')}, "
            f"{_command('rustc', '--version')}, commit {_command('git', 'rev-parse', '--short', 'HEAD')}"
        ),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "rounds": str(rounds),
        "spread": f"{spread:.0%}",
        "others": f"{others:.0%}",
    }
    for name, value in facts.items():
        text = text.replace(f"{{{name}}}", value)
    path = ROOT / "docs" / "benchmarks.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path.relative_to(ROOT)
