"""A progress bar where a person looks, and plain tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence

WIDTH = 30


def progress(what: str, done: int, total: int) -> None:
    """Draws a bar on standard error, and removes it at the end; nothing when that is not a terminal."""
    if not sys.stderr.isatty():
        return
    bar = "=" * (WIDTH * done // total)
    sys.stderr.write("\r\x1b[K" if done == total else f"\r{what} [{bar:<{WIDTH}}] {done}/{total}")
    sys.stderr.flush()


def table(rows: Sequence[Sequence[object]]) -> None:
    """Prints rows in columns of equal width; the first row is the header."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        print(f"  {line}".rstrip())


def short(checksum: str) -> str:
    """The beginning of a checksum, enough to tell it from another one."""
    return checksum[:16]
