"""Who takes part, in which protocols, and what the vendor's clients cannot do."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from hubstream.datahub.models import FieldType
from rows import NULLS, WIDE_ATTRIBUTES

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

# The forms that records are stored in: as single records, or as batches of a layout.
STORED = ("json", "pb", "batch0", "batch1")


@dataclass(frozen=True)
class Lack:
    """Records that a client cannot exchange, whatever anybody else does."""

    protocols: tuple[str, ...]
    # Kinds of topics, and of records for those who write.
    what: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Quirk:
    """A value that a client reads as another one."""

    protocols: tuple[str, ...]
    type: FieldType
    sent: object
    got: object
    why: str


@dataclass(frozen=True)
class Participant:
    name: str
    command: list[str]
    writes: tuple[str, ...]
    # Of each protocol that it reads in, the stored forms that it understands.
    reads: dict[str, tuple[str, ...]]
    prepare: list[str] | None = None
    cannot_write: list[Lack] = field(default_factory=list)
    cannot_read: list[Lack] = field(default_factory=list)
    quirks: list[Quirk] = field(default_factory=list)


# Both Python clients have the same names.
PYTHON = [str(HERE / "python_client.py")]

ALL = dict.fromkeys(("json", "pb", "batch"), STORED)

HUBSTREAM = [
    Participant("hubstream Rust", [str(TARGET / "debug" / "hubstream-matrix")], STORED, ALL),
    Participant("hubstream Python", [str(TARGET / "venv/bin/python"), *PYTHON, "hubstream.datahub"], STORED, ALL),
    Participant("hubstream Node", ["node", str(HERE / "hubstream_node.mjs")], STORED, ALL),
]

PYDATAHUB = Participant(
    "pydatahub",
    [str(TARGET / "interop/pydatahub/bin/python"), *PYTHON, "datahub"],
    ("json", "pb", "batch0"),
    {"json": STORED, "pb": STORED, "batch": ("json", "pb", "batch0")},
    [str(ROOT / "tests/interop/pydatahub/environment")],
    cannot_write=[
        Lack(STORED, ("documents",), "it knows no columns of type JSON"),
        Lack(STORED, ("empty blobs",), "it refuses them"),
        Lack(("batch0",), (NULLS,), "it fails on numbers, and writes texts and booleans instead"),
        Lack(("batch0",), (WIDE_ATTRIBUTES,), "it counts letters instead of bytes, so that nobody can read the batch"),
    ],
    cannot_read=[
        Lack(("json", "pb", "batch"), ("documents",), "it knows no columns of type JSON"),
        Lack(("json", "pb", "batch"), ("empty blobs",), "it refuses them"),
    ],
    quirks=[Quirk(("pb",), FieldType.STRING, None, "", "a NULL of type STRING is read as an empty text")],
)

GO = Participant(
    "Go",
    [str(ROOT / "tests/interop/aliyun-datahub-sdk-go/participant")],
    ("json", "pb", "batch1"),
    {"json": STORED, "pb": STORED, "batch": ("json", "pb", "batch1")},
    [str(ROOT / "tests/interop/aliyun-datahub-sdk-go/participant"), "prepare"],
)

JAVA = Participant(
    "Java",
    [str(ROOT / "tests/interop/aliyun-sdk-datahub/matrix")],
    ("json", "pb", "batch0"),
    {"json": STORED, "pb": STORED, "batch": ("json", "pb", "batch0")},
    [str(ROOT / "tests/interop/aliyun-sdk-datahub/matrix"), "prepare"],
    cannot_write=[
        Lack(STORED, ("documents",), "it knows no columns of type JSON"),
        Lack(("batch0",), (WIDE_ATTRIBUTES,), "it counts letters instead of bytes, so that nobody can read the batch"),
    ],
    cannot_read=[Lack(("json", "pb", "batch"), ("documents",), "it knows no columns of type JSON")],
)

PARTICIPANTS = [*HUBSTREAM, PYDATAHUB, GO, JAVA]
