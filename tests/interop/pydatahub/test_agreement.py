"""hubstream and the official client agree on random schemas and records: what one accepts, writes and reads, so does
the other, but for what differs on purpose."""

import struct
from datetime import timedelta
from decimal import Decimal

import hubstream.datahub.models as our_models
import pytest
from datahub.core import DatahubProtocolType
from datahub.exceptions import InvalidParameterException
from datahub.models import BlobRecord, CompressFormat, FieldType, RecordSchema, TupleRecord
from emulator_process import ACCESS_ID, ACCESS_KEY
from hubstream.datahub import DataHub
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

START = "30000000000000000000000000000000"
# What both write and read, by the names that each has for it.
PROTOCOLS = {"json": DatahubProtocolType.JSON, "protobuf": DatahubProtocolType.PB, "batch": DatahubProtocolType.BATCH}
COMPRESSIONS = {codec.name.lower(): codec for codec in CompressFormat}
INTEGERS = {
    FieldType.TINYINT: (-(2**7), 2**7 - 1),
    FieldType.SMALLINT: (-(2**15), 2**15 - 1),
    FieldType.INTEGER: (-(2**31), 2**31 - 1),
    FieldType.BIGINT: (-(2**63), 2**63 - 1),
    FieldType.TIMESTAMP: (-62135798400000000, 253402271999000000),
}

# The same inputs in every run, so that a failure is found again; small examples, because each is put and got.
agreement = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def edged(low, high):
    """Whole numbers of a range, its ends often among them."""
    return st.one_of(st.sampled_from([low, high, 0, 1]), st.integers(low, high))


def values(kind):
    """Values of a column that both accept."""
    if kind in INTEGERS:
        return edged(*INTEGERS[kind])
    return {
        FieldType.STRING: st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
        FieldType.BOOLEAN: st.booleans(),
        FieldType.FLOAT: st.floats(width=32, allow_nan=False, allow_infinity=False),
        FieldType.DOUBLE: st.floats(allow_nan=False, allow_infinity=False),
        FieldType.DECIMAL: st.decimals(
            allow_nan=False, allow_infinity=False, places=5, min_value=-(10**25), max_value=10**25
        ),
    }[kind]


@st.composite
def tables(draw, nulls):
    """Types of columns, and rows of them. Around 64 columns the bits of presence need another word."""
    width = draw(st.one_of(st.integers(1, 8), st.sampled_from([63, 64, 65, 66])))
    kinds = draw(st.lists(st.sampled_from(list(FieldType)), min_size=width, max_size=width))
    cells = [st.one_of(st.none(), values(kind)) if nulls else values(kind) for kind in kinds]
    return kinds, draw(st.lists(st.tuples(*cells), min_size=1, max_size=3))


# The official client counts characters where bytes are meant, so in batches only ASCII comes out.
def attributes(ascii_only):
    all_of_ascii = st.characters(codec="ascii", exclude_characters="\0")
    text = st.text(all_of_ascii if ascii_only else st.characters(exclude_categories=["Cs"]), max_size=8)
    return st.dictionaries(text.filter(bool), text, max_size=3)


def single(value):
    """A number as 32 bits keep it."""
    return struct.unpack("f", struct.pack("f", value))[0]


def comparable(kinds, row, null_text=None):
    """A row in a form in which equal values are equal, whoever read them."""
    made = []
    for kind, value in zip(kinds, row, strict=True):
        if value is None:
            made.append(null_text if kind == FieldType.STRING else None)
        elif kind == FieldType.FLOAT:
            made.append(single(value))
        else:
            made.append(value)
    return made


class Pair:
    """Both clients, and a topic of the test's own."""

    def __init__(self, connect, url, project, protocol, compression):
        self.theirs = connect(PROTOCOLS[protocol], COMPRESSIONS[compression])
        self.ours = DataHub(ACCESS_ID, ACCESS_KEY, url, protocol=protocol, compress_format=compression, batch_version=0)
        self.project = project
        self.protocol = protocol
        self.topics = 0

    def put(self, client, topic, records):
        """Puts into the one shard of a topic; the official client does so by shard in batches only."""
        if self.protocol == "batch":
            client.put_records_by_shard(self.project, topic, "0", records)
        else:
            assert client.put_records(self.project, topic, records).failed_record_count == 0

    def topic(self, kinds):
        self.topics += 1
        name = f"t{self.topics}"
        names = [f"c{place}" for place in range(len(kinds))]
        theirs = RecordSchema.from_lists(names, kinds)
        ours = our_models.RecordSchema.from_lists(names, [our_models.FieldType[kind.name] for kind in kinds])
        self.ours.create_tuple_topic(self.project, name, 1, 1, ours, "")
        return name, theirs, ours


@pytest.fixture(params=list(COMPRESSIONS))
def codec(request):
    return request.param


@pytest.fixture(params=list(PROTOCOLS))
def pair(request, codec, connect, emulator, project):
    pair = Pair(connect, emulator.url, project, request.param, codec)
    yield pair
    pair.ours.close()


def with_attributes(record, pairs):
    for name, value in pairs.items():
        record.put_attribute(name, value)
    return record


@agreement
@given(data=st.data())
def test_what_they_write_we_read(pair, data):
    # In batches they write text for a null.
    in_batches = pair.protocol == "batch"
    kinds, rows = data.draw(tables(nulls=not in_batches))
    pairs = data.draw(attributes(ascii_only=in_batches))
    topic, theirs, ours = pair.topic(kinds)
    records = [with_attributes(TupleRecord(schema=theirs, values=row), pairs) for row in rows]
    pair.put(pair.theirs, topic, records)
    got = pair.ours.get_tuple_records(pair.project, topic, "0", ours, START, 100)
    assert [comparable(kinds, record.values) for record in got.records] == [comparable(kinds, row) for row in rows]
    assert [record.attributes for record in got.records] == [pairs] * len(rows)


@agreement
@given(data=st.data())
def test_what_we_write_they_read(pair, codec, data):
    if pair.protocol == "batch" and codec not in ("none", "lz4"):
        pytest.skip("inside batches they give the numbers of the other compressions a meaning of their own")
    # In batches of theirs a null has no form; a null text is an empty one for them in protobuf.
    in_batches = pair.protocol == "batch"
    kinds, rows = data.draw(tables(nulls=not in_batches))
    pairs = data.draw(attributes(ascii_only=in_batches))
    topic, theirs, ours = pair.topic(kinds)
    records = [with_attributes(our_models.TupleRecord(schema=ours, values=row), pairs) for row in rows]
    pair.put(pair.ours, topic, records)
    got = pair.theirs.get_tuple_records(pair.project, topic, "0", theirs, START, 100)
    null = "" if pair.protocol == "protobuf" else None
    assert [comparable(kinds, record.values) for record in got.records] == [
        comparable(kinds, row, null) for row in rows
    ]
    assert [record.attributes for record in got.records] == [pairs] * len(rows)


# They cannot read a blob without bytes.
@agreement
@given(blobs=st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=5))
def test_blobs(pair, blobs):
    pair.topics += 1
    topic = f"b{pair.topics}"
    pair.ours.create_blob_topic(pair.project, topic, 1, 1, "")
    pair.put(pair.theirs, topic, [BlobRecord(blob_data=blob) for blob in blobs])
    pair.put(pair.ours, topic, [our_models.BlobRecord(blob) for blob in blobs])
    got = pair.ours.get_blob_records(pair.project, topic, "0", START, 100)
    assert [record.blob_data for record in got.records] == blobs + blobs
    if pair.protocol != "batch":
        theirs = pair.theirs.get_blob_records(pair.project, topic, "0", START, 100)
        assert [record.blob_data for record in theirs.records] == blobs + blobs


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**66), 2**66),
    st.sampled_from([bound + step for ends in INTEGERS.values() for bound in ends for step in (-1, 0, 1)]),
    st.floats(),
    st.decimals().filter(lambda value: not value.is_snan()),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.sampled_from(["true", "False", "0", "1", "", " 1", "1.5", "1e3", "nan"]),
    st.integers(-(2**40), 2**40).map(str),
    st.binary(max_size=4),
    st.just(timedelta(1)),
)
FRACTIONS = (FieldType.FLOAT, FieldType.DOUBLE)
REFUSALS = (InvalidParameterException, ValueError, TypeError, ArithmeticError)


def only_ours(kind, value):
    """What hubstream takes and the official client does not."""
    exact = kind in FRACTIONS and isinstance(value, Decimal)
    return exact or (kind == FieldType.BOOLEAN and isinstance(value, str))


def only_theirs(kind, value):
    """What the official client makes another value of: hubstream refuses what would not stay as it is."""
    if isinstance(value, bytes) or (value == "" and kind != FieldType.STRING):
        return True
    if kind == FieldType.STRING:
        return not isinstance(value, str)
    if isinstance(value, bool):
        return kind != FieldType.BOOLEAN
    if isinstance(value, float):
        return kind in INTEGERS or kind in (FieldType.DECIMAL, FieldType.BOOLEAN) or abs(value) > 3.4e38
    if isinstance(value, int):
        return kind == FieldType.BOOLEAN or (kind in FRACTIONS and not -(2**24) <= value <= 2**24)
    if isinstance(value, Decimal):
        return not value.is_finite()
    return isinstance(value, str) and kind != FieldType.BOOLEAN and not value.strip("-").isdigit()


def kept(make):
    """What becomes of a value, in a list; nothing if it is refused."""
    try:
        return list(make().values)
    except REFUSALS:
        return None


@settings(agreement, max_examples=200)
@pytest.mark.parametrize("kind", list(FieldType), ids=lambda kind: kind.name.lower())
@given(value=ANYTHING)
def test_what_is_accepted(kind, value):
    theirs = RecordSchema.from_lists(["c"], [kind])
    ours = our_models.RecordSchema.from_lists(["c"], [our_models.FieldType[kind.name]])
    they = kept(lambda: TupleRecord(schema=theirs, values=[value]))
    we = kept(lambda: our_models.TupleRecord(schema=ours, values=[value]))
    if they is None or we is None:
        assert they is None or only_theirs(kind, value), (they, we)
        assert we is None or only_ours(kind, value), (they, we)
    elif they[0] == they[0]:
        assert comparable([kind], we) == comparable([kind], they)
