"""Runs the programs of README.md and of the guides, each against an emulator of its own, and looks after links.

A program fails the test when its exit code is not 0. Programs in Rust are compiled by `cargo test`. A link of any
page to a file or a heading must lead somewhere.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# Pages that package registries show link to the repository by its address.
HOME = "https://github.com/hubstream/hubstream/blob/main/"
PAGES = ("README.md", "docs/arrow.md", "docs/emulator.md", "docs/migrate-from-pydatahub.md")
RUBY = ROOT / "bindings" / "uniffi" / "ruby"
# The fences of programs, and how to run a file with one.
RUNNERS = {
    "python": (".py", [str(TARGET / "venv" / "bin" / "python")]),
    "js": (".mjs", ["node"]),
    "bash": (".sh", ["bash", "-euo", "pipefail"]),
    "ruby": (".rb", ["ruby", f"-I{RUBY / 'lib'}"]),
}


def programs(page: str) -> list[tuple[int, str, str]]:
    """Line, language and text of the programs of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        (text[: match.start()].count("\n") + 2, match[1], match[2])
        for match in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        if match[1] in RUNNERS
    ]


def run(language: str, text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a program with an emulator in its environment."""
    suffix, command = RUNNERS[language]
    # Beside the examples, so that Node finds the package by its name.
    (folder / "node_modules").mkdir(exist_ok=True)
    for name, package in (
        ("hubstream", ROOT / "node"),
        ("apache-arrow", ROOT / "node" / "node_modules" / "apache-arrow"),
    ):
        link = folder / "node_modules" / name
        if not link.is_symlink():
            link.symlink_to(package)
    program = folder / f"program{suffix}"
    program.write_text(text, encoding="utf-8")
    emulator = subprocess.Popen(
        [TARGET / "debug" / "hubstream", "emulator", "--datahub", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert emulator.stdout is not None
        endpoint = json.loads(emulator.stdout.readline())["datahub"]
        environment = {
            **os.environ,
            "DATAHUB_ENDPOINT": endpoint,
            "DATAHUB_ACCESS_ID": "emulator",
            "DATAHUB_ACCESS_KEY": "emulator",
            "HUBSTREAM_LIBRARY": str(TARGET / "debug" / "libhubstream_uniffi.so"),
            "PATH": f"{TARGET / 'debug'}{os.pathsep}{os.environ['PATH']}",
        }
        return subprocess.run(
            [*command, program], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    finally:
        emulator.terminate()
        emulator.wait()
        emulator.stdout.close()


def pages() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False)
    found = [ROOT / name for name in listed.stdout.split()]
    return found or [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]


def headings(page: Path) -> set[str]:
    """The names by which the headings of a page are linked to."""
    lines = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


def dead_links() -> list[str]:
    """Links to files or headings that do not exist."""
    dead = []
    for page in pages():
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
            path, _, heading = link.partition("#")
            if link.startswith(HOME):
                target = ROOT / path.removeprefix(HOME)
            elif re.match(r"[a-z]+:", link):
                continue
            else:
                target = page if not path else page.parent / path
            if not target.exists() or (heading and target.suffix == ".md" and heading not in headings(target)):
                dead.append(f"{page.relative_to(ROOT)}: {link}")
    return dead


def main() -> int:
    dead = dead_links()
    for link in dead:
        print(f"FAILED   link {link}")
    passed = failed = left_out = 0
    with tempfile.TemporaryDirectory() as folder:
        for page in PAGES:
            for line, language, text in programs(page):
                name = f"{page}:{line} ({language})"
                if shutil.which(RUNNERS[language][1][0]) is None:
                    print(f"left out {name}")
                    left_out += 1
                    continue
                outcome = run(language, text, Path(folder))
                if outcome.returncode == 0:
                    print(f"ok       {name}")
                    passed += 1
                else:
                    print(f"FAILED   {name}\n{outcome.stdout}{outcome.stderr}")
                    failed += 1
    print(f"readme: {passed} programs passed, {failed} failed, {left_out} left out; {len(dead)} dead links")
    return 1 if failed or dead or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
