"""The records that both clients handle: the same values, made anew from one seed."""

from __future__ import annotations

import json
import random
from decimal import Decimal

COUNT = 1000
COLUMNS = [
    ("id", "BIGINT"),
    ("price", "DOUBLE"),
    ("paid", "BOOLEAN"),
    ("at", "TIMESTAMP"),
    ("amount", "DECIMAL"),
    ("host", "STRING"),
    ("path", "STRING"),
    ("agent", "STRING"),
    ("referrer", "STRING"),
    ("message", "STRING"),
]
WORDS = [
    "GET",
    "POST",
    "/cart",
    "/checkout",
    "/api/v2/items",
    "200",
    "404",
    "503",
    "timeout",
    "retry",
    "user",
    "session",
    "Mozilla/5.0",
    "Linux",
    "x86_64",
    "shard",
    "cursor",
    "commit",
    "offset",
    "cn-hangzhou",
    "latency_ms=12",
    "bytes=4096",
    "cache",
    "miss",
    "hit",
    "upstream",
    "closed",
]


def _text(source: random.Random, length: int) -> str:
    text = ""
    while len(text) < length:
        text += source.choice(WORDS) + " "
    return text[:length]


def rows() -> list[list[object]]:
    """Rows of ten columns, about 336 bytes of payload each."""
    source = random.Random(1)
    return [
        [
            source.getrandbits(62) - (1 << 61),
            source.uniform(-1e6, 1e6),
            source.random() < 0.5,
            1_700_000_000_000_000 + source.getrandbits(40),
            Decimal(source.getrandbits(40)).scaleb(-4),
            *(_text(source, source.randint(20, 100)) for _ in range(5)),
        ]
        for _ in range(COUNT)
    ]


def blobs() -> list[bytes]:
    """Blobs of 1024 bytes of text that looks like JSON."""
    source = random.Random(2)
    made = []
    for number in range(COUNT):
        event = {"id": number, "at": source.getrandbits(40), "message": _text(source, 1024)}
        made.append(json.dumps(event).encode()[:1024])
    return made
