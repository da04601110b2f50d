"""Turns the results of all harnesses into docs/benchmarks.md and docs/benchmarks.svg."""

from __future__ import annotations

import json
from pathlib import Path

import plot
from measured import RATIOS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RESULTS = HERE / "results"


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _mark(text: str, reached: bool | None) -> str:
    if reached is None:
        return text
    return f"**{text}**" if reached else f"*{text}*"


def _ratio(row: dict, kind: str | None) -> tuple[str, str]:
    """The ratio and the target of a row, as they are shown."""
    values, target, limit = row["values"], row.get("target"), row.get("limit")
    reached, wanted = [], []
    text = ""
    if kind and len(values) > 1 and values[0] and values[-1]:
        ratio = RATIOS[kind](values)
        text = f"{_number(ratio)}×"
        if target is not None:
            reached.append(ratio <= target if kind == "of" else ratio >= target)
            wanted.append(f"{'≤' if kind == 'of' else '≥'} {target:g}×")
    if limit is not None and values[-1] is not None:
        reached.append(values[-1] <= limit)
        wanted.append(f"≤ {limit:g}")
    return _mark(text or "–", all(reached) if reached else None), " and ".join(wanted)


def _table(table: dict) -> str:
    unit = f" {table['unit']}" if table.get("unit") else ""
    per = f" per {table['per']}" if table.get("per") else ""
    kind = table.get("ratio")
    head = ["", *(f"{side}" for side in table["sides"]), *(["ratio", "target"] if kind else [])]
    lines = [f"### {table['title']}", ""]
    if unit or per:
        lines += [f"In{unit}{per}.", ""]
    lines += [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    for row in table["rows"]:
        shown = [row["name"], *("–" if value is None else _number(value) for value in row["values"])]
        if kind:
            shown += _ratio(row, kind)
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join(lines)


def _part(part: dict) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in part["versions"].items() if name != "samples")
    spreads = [row["spread"] for table in part["tables"] for row in table["rows"] if row.get("spread") is not None]
    facts = [
        ("command", f"`{part['command']}`"),
        ("machine", part["machine"]),
        ("versions", versions),
        ("date", part["date"]),
    ]
    if "samples" in part["versions"]:
        facts.append(("samples", f"{part['versions']['samples']}; medians"))
    if spreads:
        facts.append(("spread", f"half the distance of the quartiles was {max(spreads):.0%} of the median at most"))
    lines = [f"## {part['title']}", "", "| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in facts), ""]
    lines += [f"- {text}" for text in part.get("about", ())]
    lines += [""] if part.get("about") else []
    lines += ["\n\n".join(_table(table) for table in part["tables"])]
    if part.get("not_measured"):
        lines += ["", "Not measured:", "", *(f"- {text}" for text in part["not_measured"])]
    return "\n".join(lines)


def main() -> None:
    parts = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    parts.sort(key=lambda part: part["order"])
    text = (HERE / "page.template").read_text().replace("{parts}", "\n\n".join(map(_part, parts)))
    page = ROOT / "docs" / "benchmarks.md"
    page.write_text(text.rstrip() + "\n")
    (ROOT / "docs" / "benchmarks.svg").write_text(plot.picture(parts))
    print(f"wrote {page.relative_to(ROOT)} from {len(parts)} results")


if __name__ == "__main__":
    main()
