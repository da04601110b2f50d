"""What a whole process costs: start, memory, and space on the disk. Each sample is a process of its own."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import measured

HERE = Path(__file__).resolve().parent
SITE = sysconfig.get_path("purelib")
OURS = os.environ.get("PYTHONPATH", "")
SIDES = ["pydatahub", "hubstream"]
IMPORTS = {
    "pydatahub": (
        "from datahub import DataHub\nfrom datahub.models import RecordSchema, TupleRecord, FieldType, CursorType"
    ),
    "hubstream": (
        "from hubstream.datahub import DataHub\n"
        "from hubstream.datahub.models import RecordSchema, TupleRecord, FieldType, CursorType"
    ),
    "bare": "",
}
TELL = """
import sys
modules = len(sys.modules)
import resource
used = resource.getrusage(resource.RUSAGE_SELF)
# Unlike `ru_maxrss` it does not begin with the memory of the process that started this one.
peak = next((line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")), 0)
print(used.ru_utime + used.ru_stime, modules, peak)
"""


def _run(code: str, *words: str) -> list[float]:
    """Runs a program in a bare interpreter that finds the packages of both; gives the numbers it prints."""
    path = f"import sys\nsys.path[1:1] = {[OURS, SITE, str(HERE)]!r}\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", path + code, *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"a program of the benchmark failed:\n{done.stderr}")
    return [float(word) for word in done.stdout.split()[-3:]]


def imports(rounds: int) -> dict[str, object]:
    """CPU time, modules and memory that an import adds to a bare interpreter."""
    samples: dict[str, list[list[float]]] = {"cpu": [[], []], "modules": [[], []], "memory": [[], []]}
    for _ in range(rounds):
        bare, official, ours = (_run(IMPORTS[name] + TELL) for name in ("bare", "pydatahub", "hubstream"))
        for side, found in enumerate((official, ours)):
            samples["cpu"][side].append((found[0] - bare[0]) * 1000)
            samples["modules"][side].append(found[1] - bare[1])
            samples["memory"][side].append((found[2] - bare[2]) / 1024)
    rows = [
        measured.Row("CPU time in ms", samples["cpu"], limit=15),
        measured.Row("modules", samples["modules"], limit=25),
        measured.Row("peak memory in MB", samples["memory"], limit=8),
    ]
    return _table("Importing the client and its models, beyond a bare interpreter", rows)


def _table(title: str, rows: list[measured.Row]) -> dict[str, object]:
    for row in rows:
        print(f"process {row.line(SIDES, '')}", flush=True)
    return {"title": title, "unit": "", "sides": SIDES, "ratio": "less", "rows": [row.as_json(1) for row in rows]}


def memory(url: str, rounds: int) -> list[dict[str, object]]:
    """Peak memory of getting records, and what records hold once they were read."""
    peak, held = [], []
    program = (HERE / "memory.py").read_text()
    for at_once, limit in ((1, 25), (64, 60)):
        samples: list[list[float]] = [[], []]
        for _ in range(max(3, rounds // 3)):
            for side, name in enumerate(SIDES):
                samples[side].append(_run(program, name, "peak", url, str(at_once))[0])
        peak.append(measured.Row(f"{at_once} in flight", samples, limit=limit))
    forms = (("tuple", "values", 1000), ("tuple", "lazy", 450), ("tuple", "arrow", 400), ("blob", "values", 1150))
    for kind, form, limit in forms:
        samples = [[], []]
        for _ in range(3):
            for side, name in enumerate(SIDES):
                samples[side].append(_run(program, name, "held", url, kind, form)[0])
        what = {"values": "all values read", "lazy": "as received", "arrow": "as Arrow columns"}[form]
        held.append(measured.Row(f"{kind} protobuf, {what}", samples, limit=limit))
    return [
        {**_table("Peak memory of a process that gets 1000 tuples in protobuf at a time", peak), "unit": "MB"},
        {**_table("Memory held after decoding", held), "unit": "bytes", "per": "record"},
    ]


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files if "__pycache__" not in file.parts)


def _requirements(name: str, found: set[str]) -> set[str]:
    """The packages that a package needs and that are installed, itself included."""
    name = re.sub(r"[-_.]+", "-", name).lower()
    if name in found:
        return found
    try:
        needed = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return found
    found.add(name)
    for text in needed:
        other, _, marker = text.partition(";")
        if "extra" not in marker:
            _requirements(re.match(r"[\w.-]+", other).group(), found)
    return found


def installed() -> dict[str, object]:
    """Packages and their size on the disk."""
    packages = _requirements("pydatahub", set())
    files = {
        Path(file.locate())
        for name in packages
        for file in importlib.metadata.files(name) or []
        if file.locate().exists()
    }
    rows = [
        measured.Row("packages", [[len(packages)], [1]], limit=1),
        measured.Row("size in MB", [[sum(map(_size, files)) / 1e6], [_size(Path(OURS) / "hubstream") / 1e6]], limit=8),
    ]
    return _table("Installed", rows)


def tables(emulator: Callable[[], AbstractContextManager[str]], options: argparse.Namespace) -> list[dict[str, object]]:
    """The tables of this part."""
    if options.only and options.only not in "process":
        return []
    found = [imports(options.rounds), installed()]
    with emulator() as url:
        _run((HERE / "memory.py").read_text(), "hubstream", "prepare", url)
        return found + memory(url, options.rounds)


if __name__ == "__main__":
    print(json.dumps([imports(5), installed()], indent=1))
