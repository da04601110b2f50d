"""A picture of the comparison with the official client: bars on a logarithmic scale, as SVG."""

from __future__ import annotations

import math
from html import escape

LEFT, WIDTH, RIGHT = 250, 520, 70
BAR, GAP, HEAD = 9, 9, 46
COLOURS = {"pydatahub": "#9aa5b1", "hubstream": "#c2410c"}
# What the plot shows of the tables of `python`, in its own order.
TABLES = ("Encoding", "Decoding", "Put", "Get")
LEFT_OUT = ("same program",)


def _rows(parts: list[dict]) -> list[tuple[str, float, float]]:
    found = []
    for part in parts:
        if not part["command"].endswith(" python"):
            continue
        for table in part["tables"]:
            title = table["title"].partition(":")[0]
            if not title.startswith(TABLES):
                continue
            for row in table["rows"]:
                official, ours = row["values"][0], row["values"][-1]
                if None in (official, ours) or any(word in row["name"] for word in LEFT_OUT):
                    continue
                name = row["name"].replace(", rows at once", "")
                found.append((f"{title.lower()}: {name}", official, ours))
    return found


def picture(parts: list[dict]) -> str:
    """The picture; empty scales when there is nothing to show."""
    rows = _rows(parts)
    values = [value for _, *both in rows for value in both] or [1.0]
    low = math.floor(math.log10(min(values)) * 2) / 2
    high = math.ceil(math.log10(max(values)) * 2) / 2

    def place(value: float) -> float:
        return LEFT + (math.log10(value) - low) / ((high - low) or 1) * WIDTH

    height = HEAD + len(rows) * (2 * BAR + GAP) + 14
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}" '
        f'font-family="sans-serif" font-size="11">',
        "<title>CPU time per record in µs, logarithmic</title>",
        f'<rect width="{LEFT + WIDTH + RIGHT}" height="{height}" fill="#ffffff"/>',
    ]
    for number, (side, colour) in enumerate(COLOURS.items()):
        left = LEFT + number * 110
        out.append(f'<rect x="{left}" y="8" width="10" height="10" fill="{colour}"/>')
        out.append(f'<text x="{left + 15}" y="17">{side}</text>')
    out.append(f'<text x="{LEFT + WIDTH}" y="17" text-anchor="end">µs of CPU time per record, logarithmic</text>')
    for power in range(math.ceil(low), math.floor(high) + 1):
        left = place(10.0**power)
        out.append(f'<line x1="{left:.1f}" y1="{HEAD - 8}" x2="{left:.1f}" y2="{height - 8}" stroke="#e2e8f0"/>')
        out.append(f'<text x="{left:.1f}" y="{HEAD - 12}" text-anchor="middle" fill="#64748b">{10.0**power:g}</text>')
    for number, (name, official, ours) in enumerate(rows):
        top = HEAD + number * (2 * BAR + GAP)
        out.append(f'<text x="{LEFT - 8}" y="{top + BAR + 4}" text-anchor="end">{escape(name)}</text>')
        for offset, value, colour in zip((0, BAR), (official, ours), COLOURS.values(), strict=True):
            width = max(place(value) - LEFT, 1)
            out.append(f'<rect x="{LEFT}" y="{top + offset}" width="{width:.1f}" height="{BAR - 1}" fill="{colour}"/>')
        text = f"{official / ours:.1f}×"
        out.append(f'<text x="{max(place(official), place(ours)) + 6:.1f}" y="{top + BAR + 4}">{text}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"
