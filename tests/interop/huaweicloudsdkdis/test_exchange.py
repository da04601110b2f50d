"""What hubstream writes the official client reads, and the other way round."""

import base64
import json
import os
import shlex
import subprocess

import pytest
from conftest import PROJECT_ID
from emulator_process import ACCESS_ID, ACCESS_KEY
from huaweicloudsdkdis.v2 import ListAppRequest, ListStreamsRequest, ShowConsumerStateRequest, ShowStreamRequest
from test_apps import commit
from test_apps import show as show_checkpoint
from test_records import ALL_BYTES, cursor, data, entry, get, put


class Hubstream:
    """hubstream's own client, by its command line."""

    def __init__(self, url: str, **settings: str) -> None:
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DIS_")}
        values = {"endpoint": url, "access_id": ACCESS_ID, "access_key": ACCESS_KEY, "project_id": PROJECT_ID}
        for name, value in (values | settings).items():
            self.environment[f"DIS_{name.upper()}"] = value

    def __call__(self, *arguments: str, records: list | None = None):
        """Performs an operation; returns its result, or the lines of its records."""
        command = [*shlex.split(os.environ["HUBSTREAM_CLI"]), "dis", *arguments, "-o", "jsonl"]
        lines = "".join(json.dumps(record) + "\n" for record in records or [])
        done = subprocess.run(command, input=lines, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        self.diagnostics = done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(params=["default", "scoped", "token"])
def ours(request, emulator):
    """hubstream's client with every way to prove who it is."""
    settings = {
        "default": {},
        "scoped": {"signature": "scoped", "region": "cn-north-4"},
        "token": {"access_id": "", "access_key": "", "auth_token": ACCESS_KEY},
    }
    return Hubstream(emulator.url, **settings[request.param])


BLOBS = [ALL_BYTES, b"", "数据 🚀".encode(), b"x" * 100_000]


def content(record: dict) -> bytes:
    return record["text"].encode() if "text" in record else base64.b64decode(record["data"])


def test_the_official_client_reads_what_hubstream_writes(client, ours, stream):
    records = [{"data": base64.b64encode(blob).decode(), "shard_id": "1", "partition_key": "键"} for blob in BLOBS]
    records.append({"text": "by key", "partition_key": "key"})
    records.append({"text": "by hash", "hash_key": "9223372036854775807"})
    ours("put-records", stream, records=records)
    second = get(client, cursor(client, stream, "1", cursor_type="TRIM_HORIZON"))
    assert data(second) == [*BLOBS, b"by hash"]
    assert [record.partition_key for record in second.records] == ["键"] * 4 + [None]
    first = get(client, cursor(client, stream, "0", cursor_type="TRIM_HORIZON"))
    assert data(first) == [b"by key"]


def test_hubstream_reads_what_the_official_client_writes(client, ours, stream):
    put(client, stream, *[entry(blob, partition_id="0", partition_key="键") for blob in BLOBS])
    put(client, stream, entry(b"last", partition_id="0"))
    [place] = ours("get-cursor", stream, "0", "--cursor-type", "TRIM_HORIZON")
    records = ours("get-records", place["partition_cursor"])
    records = [record for record in records if "sequence" in record]
    assert [content(record) for record in records] == [*BLOBS, b"last"]
    assert [record["sequence"] for record in records] == [0, 1, 2, 3, 4]
    assert [record.get("partition_key") for record in records] == ["键"] * 4 + [None]
    official = get(client, cursor(client, stream, cursor_type="TRIM_HORIZON"))
    assert [record["system_time"] for record in records] == [record.timestamp for record in official.records]


def test_checkpoints_are_shared(client, ours, stream, app):
    put(client, stream, *[entry(b"x", partition_id="0") for _ in range(5)])
    commit(client, stream, "0", "3", metadata="from there")
    [ours_sees] = ours("get-checkpoint", app, stream, "shardId-0000000000")
    assert (ours_sees["sequence_number"], ours_sees["metadata"]) == ("3", "from there")
    ours("commit-checkpoint", app, stream, "0", "4", "--metadata", "from here")
    assert show_checkpoint(client, stream, "0") == ("4", "from here")
    [state] = ours("show-consumer-state", app, stream)
    request = ShowConsumerStateRequest(app_name=app, stream_name=stream, checkpoint_type="LAST_READ")
    official = client.show_consumer_state(request)
    for row, theirs in zip(state["partition_consuming_states"], official.partition_consuming_states, strict=True):
        assert row["partition_id"] == theirs.partition_id
        assert row["sequence_number"] == theirs.sequence_number
        assert row["latest_offset"] == theirs.latest_offset
    ours("delete-checkpoint", app, stream)
    assert show_checkpoint(client, stream, "0") == ("-1", "")


def test_streams_and_apps_are_shared(client, ours, name):
    ours("create-stream", name, "2", "--data-duration", "48")
    official = client.show_stream(ShowStreamRequest(stream_name=name))
    assert (official.retention_period, official.writable_partition_count) == (48, 2)
    ours("update-partition-count", name, "3")
    [shown] = ours("describe-stream", name)
    official = client.show_stream(ShowStreamRequest(stream_name=name))
    assert shown["stream_id"] == official.stream_id
    assert [p["hash_range"] for p in shown["partitions"]] == [p.hash_range for p in official.partitions]
    ours("create-app", name)
    assert name in [app.app_name for app in client.list_app(ListAppRequest(limit=100)).apps]
    ours("delete-app", name)
    ours("delete-stream", name)
    assert name not in client.list_streams(ListStreamsRequest(limit=100)).stream_names
