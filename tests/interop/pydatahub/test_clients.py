"""Producers and consumers of the official client, the layer above its calls."""

import threading
from collections import Counter

import pytest
from datahub.client import ConsumerConfig, DatahubConsumer, DatahubProducer, ProducerConfig
from datahub.client.common.constant import Constant
from datahub.core import DatahubProtocolType
from datahub.exceptions import DatahubException
from datahub.models import (
    BlobRecord,
    CursorType,
    FieldType,
    OffsetBase,
    RecordSchema,
    SubscriptionState,
    TupleRecord,
)
from emulator_process import ACCESS_ID, ACCESS_KEY

SCHEMA = RecordSchema.from_lists(["id", "name"], [FieldType.BIGINT, FieldType.STRING])
# What the client waits for by the clock, in seconds.
PAUSES = (
    "SHARD_META_REFRESH_TIMEOUT",
    "MIN_HEARTBEAT_INTERVAL_TIMEOUT",
    "OFFSET_COMMIT_INTERVAL_TIMEOUT",
    "OFFSET_CHECK_TIMEOUT",
    "READER_SELECT_EMPTY_SHARD_TIMEOUT",
    "DELAY_TIMEOUT_FOR_NOT_READY",
    "DELAY_TIMEOUT_FOR_READ_END",
    "MIN_TIMEOUT_WAIT_FETCH",
)
# How long records are waited for at most; they are there long before.
PATIENCE = 60


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    for name in PAUSES:
        monkeypatch.setattr(Constant, name, 0.05)


def configured(kind, url, protocol=DatahubProtocolType.PB):
    config = kind(ACCESS_ID, ACCESS_KEY, url, protocol)
    config.logging_filename = None
    # Threads end one by one, each a second after its last task.
    config.async_thread_limit = 2
    return config


class Topic:
    """A topic with producers and consumers, which are closed in the end."""

    def __init__(self, client, url, project, shards):
        client.create_blob_topic(project, "t", shards, 1, "")
        self.client, self.url, self.names = client, url, (project, "t")
        self.sub = client.create_subscription(project, "t", "").sub_id
        self.open = []

    def producer(self, shards=None, **settings):
        config = configured(ProducerConfig, self.url)
        for name, value in settings.items():
            setattr(config, name, value)
        self.open.append(DatahubProducer(*self.names, config, shards))
        return self.open[-1]

    def consumer(self, shards=None, timestamp=-1):
        config = configured(ConsumerConfig, self.url)
        config.fetch_limit = 10
        self.open.append(DatahubConsumer(*self.names, self.sub, config, shards, timestamp))
        return self.open[-1]

    def close(self, one):
        self.open.remove(one)
        one.close()

    def write(self, texts):
        producer = self.producer()
        for text in texts:
            producer.write([BlobRecord(blob_data=text)])
        self.close(producer)

    def committed(self):
        offsets = self.client.get_subscription_offset(*self.names, self.sub).offsets
        return {shard: offset.sequence for shard, offset in offsets.items()}


@pytest.fixture
def topic(client, emulator, project, request):
    topic = Topic(client, emulator.url, project, getattr(request, "param", 2))
    yield topic
    for one in list(topic.open):
        topic.close(one)


def texts(count, prefix="record"):
    return [f"{prefix} {number}" for number in range(count)]


def read(consumer, count):
    """Reads so many records; blobs come as bytes."""
    found = []
    while len(found) < count:
        record = consumer.read(timeout=PATIENCE)
        assert record is not None, f"only {len(found)} of {count} records came"
        found.append(record.blob_data.decode())
    return found


def stored(topic, shard):
    cursor = topic.client.get_cursor(*topic.names, shard, CursorType.OLDEST).cursor
    records = topic.client.get_blob_records(*topic.names, shard, cursor, 1000).records
    return [record.blob_data.decode() for record in records]


def test_a_producer_writes_to_all_shards_in_turn(topic):
    producer = topic.producer()
    shards = [producer.write([BlobRecord(blob_data=text)]) for text in texts(6)]
    assert Counter(shards) == {"0": 3, "1": 3}
    assert sorted(stored(topic, "0") + stored(topic, "1")) == texts(6)


def test_a_producer_writes_in_the_background(topic):
    producer = topic.producer(["1"], max_async_buffer_records=4)
    for text in texts(10):
        producer.write_async([BlobRecord(blob_data=text)])
    producer.flush()
    topic.close(producer)
    assert stored(topic, "0") == []
    assert stored(topic, "1") == texts(10)


@pytest.mark.parametrize("protocol", [DatahubProtocolType.PB, DatahubProtocolType.BATCH], ids=["pb", "batch"])
def test_tuples_are_written_and_consumed(client, emulator, project, protocol):
    client.create_tuple_topic(project, "tuples", 1, 1, SCHEMA, "")
    sub = client.create_subscription(project, "tuples", "").sub_id
    producer = DatahubProducer(project, "tuples", configured(ProducerConfig, emulator.url, protocol))
    rows = [[number, f"name {number}"] for number in range(5)]
    try:
        producer.write([TupleRecord(schema=producer.topic_meta.record_schema, values=row) for row in rows])
    finally:
        producer.close()
    consumer = DatahubConsumer(project, "tuples", sub, configured(ConsumerConfig, emulator.url, protocol), ["0"])
    try:
        records = [consumer.read(timeout=PATIENCE) for _ in rows]
    finally:
        consumer.close()
    assert [[int(record.values[0]), record.values[1]] for record in records] == rows


def test_the_next_consumer_goes_on_where_one_stopped(topic):
    producer = topic.producer(["0"])
    producer.write([BlobRecord(blob_data=text) for text in texts(20)])
    first = topic.consumer(["0"])
    assert read(first, 7) == texts(20)[:7]
    topic.close(first)
    assert topic.committed() == {"0": 6}
    second = topic.consumer(["0"])
    assert read(second, 13) == texts(20)[7:]
    topic.close(second)
    assert topic.committed() == {"0": 19}


def test_a_consumer_begins_at_a_time(topic):
    topic.producer(["0"]).write([BlobRecord(blob_data=text) for text in texts(3)])
    assert read(topic.consumer(["0"], timestamp=0), 3) == texts(3)


@pytest.mark.parametrize("topic", [4], indirect=True)
def test_consumers_share_the_shards(topic):
    """Every record comes at least once, whoever gets its shard; and in the end all are committed."""
    consumers = [topic.consumer() for _ in range(3)]
    wanted, found, enough = set(texts(200)), Counter(), threading.Event()
    lock = threading.Lock()

    def consume(consumer):
        while not enough.is_set():
            try:
                record = consumer.read(timeout=0.2)
            except DatahubException:
                # Its shard was given to another one in between, who reads the record again.
                continue
            if record is not None:
                with lock:
                    found[record.blob_data.decode()] += 1
                    if wanted <= found.keys():
                        enough.set()

    threads = [threading.Thread(target=consume, args=[consumer]) for consumer in consumers]
    for thread in threads:
        thread.start()
    topic.write(texts(200))
    complete = enough.wait(PATIENCE)
    enough.set()
    for thread in threads:
        thread.join()
    assert complete, f"{len(wanted - found.keys())} records did not come"
    for consumer in consumers:
        topic.close(consumer)
    # What was read but not committed in a hand-over is there for the next one.
    last = topic.consumer()
    for _ in range(PATIENCE):
        if topic.committed() == {str(shard): 49 for shard in range(4)}:
            return
        last.read(timeout=1)
    pytest.fail(f"committed is {topic.committed()}")


def test_a_reset_makes_consumers_read_again(topic):
    topic.write(texts(6))
    consumer = topic.consumer()
    assert sorted(read(consumer, 6)) == texts(6)
    topic.client.reset_subscription_offset(*topic.names, topic.sub, {"0": OffsetBase(-1, -1), "1": OffsetBase(-1, -1)})
    assert sorted(read(consumer, 6)) == texts(6)


def test_children_of_a_shard_are_consumed_after_it(connect, young_shards, name):
    client = connect(url=young_shards.url)
    client.create_project(name, "")
    topic = Topic(client, young_shards.url, name, 1)
    topic.write(texts(5, "parent"))
    client.split_shard(*topic.names, "0")
    topic.write(texts(4, "child"))
    consumer = topic.consumer()
    try:
        found = read(consumer, 9)
    finally:
        topic.close(consumer)
    assert found[:5] == texts(5, "parent")
    assert sorted(found[5:]) == texts(4, "child")


def test_a_consumer_learns_that_its_subscription_is_switched_off_or_gone(topic):
    topic.write(texts(2))
    topic.client.update_subscription_state(*topic.names, topic.sub, SubscriptionState.INACTIVE)
    with pytest.raises(DatahubException) as error:
        topic.consumer(["0"])
    assert error.value.error_code == "SubscriptionOffline"
    topic.client.delete_subscription(*topic.names, topic.sub)
    with pytest.raises(DatahubException) as error:
        topic.consumer(["0"])
    assert error.value.error_code == "NoSuchSubscription"
