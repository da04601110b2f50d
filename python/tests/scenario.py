"""The format of the scenarios in tests/scenarios: values and expectations."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from itertools import product
from pathlib import Path
from typing import Any

from hubstream.datahub import models as datahub_models
from hubstream.dis import models as dis_models
from hubstream.records import (
    Blob,
    BlobRecord,
    FieldType,
    Record,
    RecordBatch,
    RecordSchema,
    TupleRecord,
)

MODELS = {"datahub": datahub_models, "dis": dis_models}
ROOT = Path(__file__).resolve().parents[2] / "tests" / "scenarios"
VARIABLE = re.compile(r"\$\{(\w+)([+-]\d+)?\}")
KEYS = ("shard_id", "hash_key", "partition_key", "attributes")


@dataclass
class Scenario:
    """One scenario with the settings of one combination of its matrix."""

    name: str
    text: dict[str, Any]
    settings: dict[str, str]
    variables: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.variables["run"] = "r0"
        for name, text in self.text.get("vars", {}).items():
            self.variables[name] = self.string(text)
        columns = self.text.get("schemas", {})
        self.schemas = {name: schema(columns[name]) for name in columns}

    def string(self, text: str) -> Any:
        """A text with its variables; one that is nothing but a variable becomes its value."""
        if match := VARIABLE.fullmatch(text):
            return self.variable(match)
        return VARIABLE.sub(lambda match: str(self.variable(match)), text)

    def variable(self, match: re.Match[str]) -> Any:
        value = self.variables[match[1]]
        return value + int(match[2]) if match[2] else value

    def value(self, value: Any) -> Any:
        """An argument, or a member of one."""
        if isinstance(value, str):
            return None if value == "$null" else self.string(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        models = MODELS[self.text["service"]]
        if "$enum" in value:
            kind, _, name = value["$enum"].partition(".")
            return getattr(models, kind)[name]
        if (special := self.special(value)) is not None:
            return special
        if "$model" in value:
            model = getattr(models, value["$model"])
            members = {name: self.value(value[name]) for name in value if name != "$model"}
            return model(**members)
        if "$records" in value:
            return self.records(value["$records"], value.get("schema"))
        return {name: self.value(item) for name, item in value.items()}

    def special(self, table: dict[str, Any]) -> Any:
        """What a table with a member in `$` stands for; nothing for others."""
        if "$hex" in table:
            return bytes.fromhex(table["$hex"])
        if "$utf8" in table:
            return table["$utf8"].encode()
        if "$repeat" in table:
            return table["$repeat"] * table["times"]
        if "$enum" in table:
            return table["$enum"].rpartition(".")[2]
        if "$schema" in table:
            return self.schemas[table["$schema"]]
        return None

    def records(self, records: list[dict[str, Any]], name: str | None) -> Any:
        if name is None:
            return [self.routed(BlobRecord(self.value(item["data"])), item) for item in records]
        columns = self.schemas[name]
        rows = [self.value(item["values"]) for item in records]
        if not any(key in item for item in records for key in KEYS):
            return RecordBatch.from_rows(columns, rows)
        pairs = zip(rows, records, strict=True)
        return [self.routed(TupleRecord(schema=columns, values=row), item) for row, item in pairs]

    def routed(self, record: Record, item: dict[str, Any]) -> Record:
        for key in KEYS:
            if key in item:
                setattr(record, key, self.value(item[key]))
        return record

    def matches(self, expected: Any, found: Any, path: str = "") -> None:
        """Compares a value with an expectation."""
        if isinstance(expected, str):
            good = self.matches_text(expected, found)
        elif isinstance(expected, dict):
            return self.matches_table(expected, found, path)
        elif isinstance(expected, list):
            assert isinstance(found, list), f"{path}: expected a list, found {found!r}"
            assert len(found) == len(expected), f"{path}: not {len(expected)} elements: {found!r}"
            for index, item in enumerate(expected):
                self.matches(item, found[index], f"{path}[{index}]")
            return None
        else:
            good = same(expected, found)
        assert good, f"{path}: expected {expected!r}, found {found!r}"
        return None

    def matches_text(self, expected: str, found: Any) -> bool:
        match expected:
            case "$null":
                return found is None
            case "$any":
                return found is not None
            case "$text":
                return isinstance(found, str) and found != ""
            case "$integer":
                return type(found) is int
            case "$positive":
                return type(found) is int and found > 0
        return same(self.string(expected), found)

    def matches_table(self, expected: dict[str, Any], found: Any, path: str) -> None:
        if (special := self.special(expected)) is not None:
            assert same(special, found), f"{path}: expected {special!r}, found {found!r}"
            return
        for name, item in expected.items():
            if name.startswith("$"):
                good = self.condition(name, item, found)
                assert good, f"{path}: expected {name} {item!r}, found {found!r}"
            else:
                assert isinstance(found, dict), f"{path}: expected members, found {found!r}"
                self.matches(item, found.get(name), f"{path}.{name}")

    def condition(self, name: str, expected: Any, found: Any) -> bool:
        match name:
            case "$not":
                return not self.does_match(expected, found)
            case "$contains" if isinstance(expected, str):
                return self.string(expected) in found
            case "$contains":
                return all(any(self.does_match(item, it) for it in found) for item in expected)
            case "$unordered":
                both = self.condition("$contains", expected, found)
                known = all(any(self.does_match(item, it) for item in expected) for it in found)
                return len(expected) == len(found) and both and known
            case "$length":
                return len(found) == expected
            case "$keys":
                return set(found) == set(expected)
            case "$at_least":
                return type(found) is int and found >= expected
        raise ValueError(name)

    def does_match(self, expected: Any, found: Any) -> bool:
        try:
            self.matches(expected, found)
        except AssertionError:
            return False
        return True


def schema(columns: list[list[str]]) -> RecordSchema:
    names, types = [column[0] for column in columns], [FieldType(column[1]) for column in columns]
    return RecordSchema.from_lists(names, types, None, [len(column) == 2 for column in columns])


def same(expected: Any, found: Any) -> bool:
    """Whether two values are the same, of the same type."""
    if isinstance(expected, RecordSchema):
        return isinstance(found, RecordSchema) and expected.to_json() == found.to_json()
    if type(expected) is not type(found):
        return False
    if isinstance(expected, float):
        both_nan = math.isnan(expected) and math.isnan(found)
        signs = math.copysign(1, expected) == math.copysign(1, found)
        return both_nan or (expected == found and signs)
    return bool(expected == found)


def plain(value: Any) -> Any:
    """A result as scenarios see it."""
    match value:
        case Enum():
            return value.name
        case RecordBatch():
            return [plain(record) for record in value]
        case Record():
            return described(value)
        case Decimal():
            return format(value, "f")
        case Blob():
            return bytes(value)
        case list() | tuple():
            return [plain(item) for item in value]
        case dict():
            return {name: plain(item) for name, item in value.items()}
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    return value


def described(record: Record) -> dict[str, Any]:
    names = ("attributes", "sequence", "system_time", "cursor", "next_cursor", "partition_key")
    facts = {name: getattr(record, name) for name in names}
    facts["partition_key"] = facts["partition_key"] or None
    if isinstance(record, BlobRecord):
        return {"data": record.blob_data, **facts}
    return {"values": plain(record.values), **facts}  # type: ignore[attr-defined]


def at(value: Any, path: str) -> Any:
    """The member at a path such as `shards[0].shard_id`."""
    for part in re.findall(r"[^.\[\]]+", path):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def repeated(step: dict[str, Any]) -> list[Any]:
    """A step as often as it is repeated."""
    if "repeat" not in step:
        return [step]
    first, last = step.pop("repeat")
    return [numbered(step, str(number)) for number in range(first, last + 1)]


def numbered(value: Any, number: str) -> Any:
    """A value with a number for every `#` in its texts and names."""
    if isinstance(value, str):
        return value.replace("#", number)
    if isinstance(value, list):
        return [numbered(item, number) for item in value]
    if isinstance(value, dict):
        return {name.replace("#", number): numbered(value[name], number) for name in value}
    return value


def all_scenarios() -> list[Scenario]:
    """Every scenario with every combination of its matrix."""
    found = []
    for path in sorted(ROOT.rglob("*.toml")):
        text = tomllib.loads(path.read_text())
        text["step"] = [copy for step in text["step"] for copy in repeated(step)]
        matrix = text.get("matrix", {})
        name = path.relative_to(ROOT).with_suffix("").as_posix()
        for choice in product(*matrix.values()):
            label = " ".join((name, *choice))
            found.append(Scenario(label, text, dict(zip(matrix, choice, strict=True))))
    assert found, f"no scenarios in {ROOT}"
    return found
