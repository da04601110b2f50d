"""Fails if what a wheel installs is larger than it may be, or names folders of this machine."""

import os
import sys
import zipfile
from pathlib import Path

# In bytes. Compare the largest symbols with those of the last release when this is exceeded.
LIMIT = 8_000_000


def main() -> None:
    """Checks the newest of the given wheels."""
    wheel = max(map(Path, sys.argv[1:]), key=lambda path: path.stat().st_mtime)
    archive = zipfile.ZipFile(wheel)
    files = archive.infolist()
    size = sum(file.file_size for file in files)
    print(f"{wheel.name}: {size / 1e6:.2f} MB installed, of {LIMIT / 1e6:.2f} MB at most")
    if size > LIMIT:
        largest = sorted(files, key=lambda file: -file.file_size)[:5]
        listed = ", ".join(f"{file.filename} {file.file_size / 1e6:.2f}" for file in largest)
        sys.exit(f"{wheel.name} installs too much; its largest files in MB: {listed}")
    folder = os.environ.get("CARGO_HOME") or str(Path.home() / ".cargo")
    telling = [file.filename for file in files if f"{folder}/".encode() in archive.read(file)]
    if telling:
        sys.exit(f"{wheel.name} names folders of this machine in {', '.join(telling)}")


main()
