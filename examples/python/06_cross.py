"""Reads what the programs of every language wrote and compares it with the data set; fails if anything differs.

Arguments: the languages, as in `rust python node`.
"""

import sys

from dataset import DataSet, checksum
from journey import connect, newest, project_of, read, shard_ids
from show import short, table

data = DataSet()
expected = data.checksum()
rows = [["written by", "read by", "rows", "checksum", "equal"]]
with connect() as hub:
    for language in sys.argv[1:]:
        project = project_of(language)
        lines = [
            line
            for shard in shard_ids(hub, project)
            for line in read(hub, project, data.schema, shard, -1, newest(hub, project, shard)).lines
        ]
        out = checksum(lines)
        same = len(lines) == len(data.rows) and out == expected
        rows.append([language, "python", len(lines), short(out), "yes" if same else "NO"])
table(rows)
if any(row[4] != "yes" for row in rows[1:]):
    sys.exit("error: a topic does not hold the data set")
