"""Prints the fingerprint of the generated sources and of everything that they are made from.

    python3 fingerprint.py LIBRARY FILE...

The interface that a library offers stands in its static data, in symbols named UNIFFI_META_…. Two
libraries with equal ones give equal sources, so the generator need not run to know that nothing
has changed. Only 64-bit little-endian ELF libraries are understood; others fail with exit code 3.
"""

import hashlib
import struct
import sys
from pathlib import Path

DYNSYM, SYMTAB = 11, 2


def sections(data):
    """The section headers as (type, address, offset, size, link, entry size)."""
    (start,) = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    for index in range(count):
        _, kind, _, address, offset, length, link, _, _, entry = struct.unpack_from(
            "<IIQQQQIIQQ", data, start + index * size
        )
        yield kind, address, offset, length, link, entry


def interface(data):
    """Name and bytes of every piece of the interface."""
    headers = list(sections(data))
    found = {}
    for kind, _, offset, length, link, entry in headers:
        if kind not in (DYNSYM, SYMTAB):
            continue
        names = headers[link][2]
        for place in range(offset, offset + length, entry):
            name, _, _, section, value, size = struct.unpack_from("<IBBHQQ", data, place)
            if not 0 < section < len(headers):
                continue
            begin = names + name
            text = data[begin : data.index(b"\0", begin)]
            if text.startswith(b"UNIFFI_META_"):
                _, address, file_offset, _, _, _ = headers[section]
                begin = file_offset + value - address
                found[text] = data[begin : begin + size]
    return found


def main(library, files):
    data = Path(library).read_bytes()
    if data[:6] != b"\x7fELF\x02\x01":
        return 3
    pieces = interface(data)
    if not pieces:
        print(f"{library}: no interface in it", file=sys.stderr)
        return 1
    digest = hashlib.sha256()
    parts = sorted(pieces.items())
    parts += [(Path(file).name.encode(), Path(file).read_bytes()) for file in files]
    for name, content in parts:
        for part in (name, content):
            digest.update(struct.pack("<Q", len(part)))
            digest.update(part)
    print(digest.hexdigest())
    return 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
