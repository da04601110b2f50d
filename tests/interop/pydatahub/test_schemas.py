"""Versions of a topic's schema through the official client."""

import pytest
from datahub.exceptions import InvalidParameterException, ResourceNotFoundException
from datahub.models import FieldType, RecordSchema

FIRST = RecordSchema.from_lists(["f1"], [FieldType.STRING])
SECOND = RecordSchema.from_lists(["f1", "f2"], [FieldType.STRING, FieldType.BIGINT], ["", "a number"], [False, True])


@pytest.fixture
def topic(client, project):
    client.create_tuple_topic(project, "t", 1, 1, FIRST, "")
    return "t"


def columns(text):
    return RecordSchema.from_json_str(text).to_json()


def versions(listed):
    """Number and columns of each version, which this client leaves as the service sent them."""
    return [(schema["VersionId"], columns(schema["RecordSchema"])) for schema in listed.record_schema_list]


def test_register_list_find_and_delete(client, project, topic):
    assert versions(client.list_topic_schema(project, topic)) == [(0, FIRST.to_json())]
    assert client.register_topic_schema(project, topic, SECOND).version_id == 1
    assert client.register_topic_schema(project, topic, FIRST).version_id == 0
    listed = client.list_topic_schema(project, topic)
    assert (listed.page_number, listed.page_count, listed.total_count) == (1, 1, 2)
    assert versions(listed) == [(0, FIRST.to_json()), (1, SECOND.to_json())]
    page = client.list_topic_schema(project, topic, 2, 1)
    assert (page.page_number, page.page_size, page.page_count, page.total_count) == (2, 1, 2, 2)
    assert versions(page) == [(1, SECOND.to_json())]
    by_schema = client.get_topic_schema(project, topic, SECOND)
    by_version = client.get_topic_schema(project, topic, SECOND, 1)
    for found in (by_schema, by_version):
        assert (found.version_id, columns(found.record_schema)) == (1, SECOND.to_json())
        assert found.creator
        assert found.create_time > 0
    client.delete_topic_schema(project, topic, 0)
    assert versions(client.list_topic_schema(project, topic)) == [(1, SECOND.to_json())]


def test_an_appended_field_makes_a_version(client, project, topic):
    client.append_field(project, topic, "f2", FieldType.DOUBLE)
    listed = client.list_topic_schema(project, topic)
    assert [version for version, _ in versions(listed)] == [0, 1]
    added = RecordSchema.from_json_str(listed.record_schema_list[1]["RecordSchema"]).field_list[1]
    assert (added.name, added.type) == ("f2", FieldType.DOUBLE)


def test_what_is_not_there(client, project, topic):
    with pytest.raises(InvalidParameterException):
        client.get_topic_schema(project, topic, SECOND)
    for version in (0, 7):
        with pytest.raises(InvalidParameterException):
            client.delete_topic_schema(project, topic, version)
    with pytest.raises(ResourceNotFoundException):
        client.list_topic_schema(project, "none")
