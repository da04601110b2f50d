"""Lets everybody write, lets everybody read, compares all values, and prints who agreed with whom."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from hubstream.testing import Emulator
from participants import PARTICIPANTS, STORED, Lack, Participant
from rows import KINDS, Row, same, schema_of, types_of

PROJECT = "matrix"
LEFT_OUT = 77
# Names the writer of a record, in its attributes.
WRITER = "writer"


@dataclass(frozen=True)
class Topic:
    kind: str
    stored: str

    @property
    def name(self) -> str:
        return f"{self.kind}_{self.stored}".replace(" ", "_")


TOPICS = [Topic(kind, stored) for kind in KINDS for stored in STORED]


class Matrix:
    def __init__(self, emulator: Emulator) -> None:
        self.url = emulator.datahub_url
        access = {"DATAHUB_ACCESS_ID": emulator.access_id, "DATAHUB_ACCESS_KEY": emulator.access_key}
        self.environment = {**os.environ, **access}
        self.present: list[Participant] = []
        # Who wrote what into a topic, in order.
        self.written: dict[Topic, list[Participant]] = defaultdict(list)
        self.agreed: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
        self.wrong: list[str] = []
        self.notes: list[str] = []
        self.reads = 0

    def prepare(self) -> None:
        for who in PARTICIPANTS:
            command = who.prepare or ["true"]
            if shutil.which(command[0]) is None:
                self.notes.append(f"{who.name} is left out: there is no {command[0]}")
                continue
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == LEFT_OUT:
                said = (done.stdout + done.stderr).strip().splitlines()
                self.notes.append(f"{who.name} is left out: {said[-1] if said else 'it does not say why'}")
            elif done.returncode:
                self.wrong.append(f"{who.name} could not be prepared: {last_lines(done.stderr or done.stdout)}")
            else:
                self.present.append(who)

    def call(self, who: Participant, action: str, topic: Topic, protocol: str, lines: str = "") -> str | None:
        """What a participant prints; nothing if it fails."""
        command = [*who.command, action, self.url, PROJECT, topic.name, protocol]
        done = subprocess.run(
            command, input=lines, capture_output=True, text=True, check=False, env=self.environment, timeout=120
        )
        if done.returncode == 0:
            return done.stdout
        self.wrong.append(f"{who.name} does not {action} {topic.name} in {protocol}: {last_lines(done.stderr)}")
        return None

    def write(self) -> None:
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            list(pool.map(self.write_topic, TOPICS))

    def write_topic(self, topic: Topic) -> None:
        for who in self.present:
            lines = "".join(row.line({WRITER: who.name}) + "\n" for row in rows_of(topic, who))
            if lines and self.call(who, "write", topic, topic.stored, lines) is not None:
                self.written[topic].append(who)

    def read(self) -> None:
        jobs = [
            (who, protocol, topic)
            for who in self.present
            for protocol, understood in who.reads.items()
            for topic in TOPICS
            if topic.stored in understood
            and topic in self.written
            and not lacking(who.cannot_read, protocol, topic.kind)
        ]
        self.reads = len(jobs)
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for found in pool.map(lambda job: self.read_topic(*job), jobs):
                for writer, reader, stored, fits in found:
                    cell = self.agreed[writer, reader]
                    cell[stored] = cell.get(stored, True) and fits

    def read_topic(self, who: Participant, protocol: str, topic: Topic) -> list[tuple[str, str, str, bool]]:
        printed = self.call(who, "read", topic, protocol)
        got: dict[str, list[dict]] = defaultdict(list)
        for line in (printed or "").splitlines():
            record = json.loads(line)
            got[record["attributes"].pop(WRITER, "nobody")].append(record)
        found = []
        for writer in self.written[topic]:
            differences = list(different(topic, writer, who, protocol, got.pop(writer.name, [])))
            if printed is not None:
                told = f"{who.name} reads {topic.name} of {writer.name} in {protocol}"
                self.wrong += [f"{told}: {difference}" for difference in differences[:3]]
            found.append((writer.name, who.name, topic.stored, not differences))
        if got:
            self.wrong.append(f"{who.name} reads records of {topic.name} that nobody wrote: {', '.join(got)}")
        return found


def lacking(lacks: list[Lack], protocol: str, what: str) -> bool:
    return any(what in lack.what and protocol in lack.protocols for lack in lacks)


def rows_of(topic: Topic, writer: Participant) -> list[Row]:
    """The records that a writer can write to a topic."""
    lacks, stored = writer.cannot_write, topic.stored
    if stored not in writer.writes or lacking(lacks, stored, topic.kind):
        return []
    return [row for row in KINDS[topic.kind][1] if not lacking(lacks, stored, row.trait)]


def different(topic: Topic, writer: Participant, reader: Participant, protocol: str, got: list) -> Iterator[str]:
    """What is not as it was written, but for what the reader is known to change."""
    expected = rows_of(topic, writer)
    if len(got) != len(expected):
        yield f"{len(got)} records instead of {len(expected)}"
        return
    types = types_of(topic.kind)
    quirks = [quirk for quirk in reader.quirks if protocol in quirk.protocols]
    for number, (sent, record) in enumerate(zip(expected, got, strict=True)):
        if sent.attributes != record["attributes"]:
            yield f"record {number} has the attributes {short(record['attributes'])}"
        if sent.content.get("data") != record.get("data"):
            yield f"record {number} has other bytes"
        values = record.get("values", [])
        if len(values) != len(types):
            yield f"record {number} has {len(values)} values"
            continue
        for kind, value, found in zip(types, sent.values, values, strict=True):
            known = [quirk.got for quirk in quirks if quirk.type == kind and quirk.sent == value]
            wanted = known[0] if known else value
            if not same(kind, wanted, found):
                yield f"record {number}: the {kind.name} {short(wanted)} came as {short(found)}"


def short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def last_lines(text: str) -> str:
    return " / ".join(text.strip().splitlines()[-3:])[-400:]


def show(matrix: Matrix) -> None:
    names = [who.name for who in matrix.present]
    cells = {
        (writer, reader): " ".join(form for form in STORED if matrix.agreed[writer, reader].get(form))
        for writer in names
        for reader in names
    }
    width = max(map(len, [*names, *cells.values()]), default=0)
    print("written by ↓, read by →".ljust(width), *(name.ljust(width) for name in names), sep="  ")
    for writer in names:
        print(writer.ljust(width), *(cells[writer, reader].ljust(width) for reader in names), sep="  ")
    print("\nIn a cell: the forms in which everything that was written was read with equal values, in every protocol.")
    for who in matrix.present:
        for protocol, understood in who.reads.items():
            if other := " and ".join(form for form in STORED if form not in understood):
                matrix.notes.append(f"{who.name}, reading {protocol}: it does not know {other}")
        for quirk in who.quirks:
            matrix.notes.append(f"{who.name}, reading {' and '.join(quirk.protocols)}: {quirk.why}")
        for action, lacks in (("write", who.cannot_write), ("read", who.cannot_read)):
            for lack in lacks:
                what = f"{' and '.join(lack.what)} in {' and '.join(lack.protocols)}"
                matrix.notes.append(f"{who.name} does not {action} {what}: {lack.why}")
    print("\n".join(f"- {note}" for note in matrix.notes))


def main() -> int:
    start = time.monotonic()
    with Emulator() as emulator, emulator.datahub_client() as hub:
        hub.create_project(PROJECT, "")
        for topic in TOPICS:
            schema = schema_of(topic.kind)
            if schema is None:
                hub.create_blob_topic(PROJECT, topic.name, 1, 1, "")
            else:
                hub.create_tuple_topic(PROJECT, topic.name, 1, 1, schema, "")
        matrix = Matrix(emulator)
        matrix.prepare()
        matrix.write()
        matrix.read()
    show(matrix)
    for wrong in matrix.wrong:
        print(f"error: {wrong}")
    state = f"{len(matrix.wrong)} wrong" if matrix.wrong else "all values equal"
    seconds = time.monotonic() - start
    print(f"matrix: {len(matrix.present)} clients, {matrix.reads} reads, {state}, {seconds:.0f} s")
    return 1 if matrix.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
