"""Exceptions: their classes, what they say, and that bad input leaves everything usable."""

from __future__ import annotations

import builtins
import pickle
import re
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from hubstream import errors
from hubstream.datahub import DataHub, exceptions
from hubstream.datahub.models import (
    AuthMode,
    ConnectorType,
    CursorType,
    FieldType,
    OssConnectorConfig,
    RecordSchema,
    ShardState,
)
from hubstream.dis import DisClient
from hubstream.testing import Emulator
from sample import Given, url_of


def test_an_error_has_all_facts(hub: DataHub) -> None:
    with pytest.raises(exceptions.ResourceNotFoundException) as caught:
        hub.get_topic("none", "none")
    error = caught.value
    assert isinstance(error, errors.NotFoundError)
    assert isinstance(error, LookupError)
    assert (error.kind, error.status, error.is_temporary) == ("not_found", "permanent", False)
    assert (error.code, error.error_code) == ("NoSuchProject", "NoSuchProject")
    assert (error.http_status, error.status_code) == (404, 404)
    assert (error.service, error.operation, error.attempts) == ("datahub", "GetTopic", 1)
    assert error.message == error.error_msg
    assert error.request_id
    assert error.error_detail is None
    assert error.retry_after is None
    assert error.was_sent
    assert "NoSuchProject, datahub.GetTopic" in str(error)


def test_errors_are_pickled(hub: DataHub) -> None:
    raised: list[errors.HubstreamError] = []
    for call in (
        lambda: hub.get_project("none"),
        lambda: hub.get_project(""),
        lambda: DataHub("id", "key", "http://127.0.0.1:1", max_attempts=1).list_project(),
    ):
        with pytest.raises(errors.HubstreamError) as caught:
            call()
        raised.append(caught.value)
    for error in [*raised, exceptions.TimeoutException("late", 504, "id", "Code", "more")]:
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert again.__dict__ == error.__dict__


def test_a_bad_record_names_the_argument_of_the_call(hub: DataHub) -> None:
    with pytest.raises(exceptions.InvalidParameterException) as caught:
        hub.put_records("shop", "orders", [3])  # type: ignore[list-item]
    error = caught.value
    assert error.context["argument"] == "record_list"
    for text in (str(error), error.message, error.error_msg):
        assert "`record_list`" in text
        assert "`records`" not in text


def test_a_refused_argument_is_not_sent(hub: DataHub) -> None:
    for call, argument in (
        (lambda: hub.get_project(""), "project_name"),
        (lambda: hub.get_project(None), "project_name"),  # type: ignore[arg-type]
        (lambda: hub.get_project(12), "project_name"),  # type: ignore[arg-type]
        (lambda: hub.get_project("\ud800"), "project_name"),
        (lambda: hub.create_project("1", "x"), "project_name"),
        (lambda: hub.create_project("shop", "x" * 2000), "comment"),
        (lambda: hub.get_cursor("a", "b", "0", CursorType.SEQUENCE), "param"),
        (lambda: hub.get_cursor("a", "b", "0", "NEWEST"), "cursor_type"),  # type: ignore[arg-type]
        (lambda: hub.create_blob_topic("shop", "b", 2**40, 1, ""), "shard_count"),
        (lambda: hub.create_blob_topic("shop", "b", 2**70, 1, ""), "shard_count"),
        (lambda: hub.put_records("a", "b", []), "record_list"),
        (lambda: hub.get_subscription_offset("a", "b", "c", [1]), "shard_ids[0]"),  # type: ignore[list-item]
        (
            lambda: hub.update_subscription_offset("a", "b", "c", {"0": {"Sequence": 1}}),
            "timestamp",
        ),
        (
            lambda: hub.reset_subscription_offset("a", "b", "c", {"0": {"Sequences": 1}}),
            "sequence",
        ),
    ):
        with pytest.raises(exceptions.InvalidParameterException) as caught:
            call()
        assert argument in str(caught.value)
        assert caught.value.attempts == 0
        assert not caught.value.was_sent
        assert isinstance(caught.value, ValueError)
    assert hub.list_project().project_names == []


def test_what_cannot_be_converted_is_refused_by_name(hub: DataHub) -> None:
    wrong: Any = object()
    for call, message in (
        (lambda: hub.create_tuple_topic("a", "b", 1, 1, "schema", ""), "`record_schema`: expected"),  # type: ignore[arg-type]
        (
            lambda: hub.create_tuple_topic("a", "b", 1, 1, wrong, ""),
            "`record_schema`: has the type",
        ),
        (lambda: hub.update_subscription_offset("a", "b", "c", ["0"]), "`offsets`: expected a map"),  # type: ignore[arg-type]
        (lambda: hub.update_subscription_offset("a", "b", "c", {"0": 1}), "`offsets[0]`"),  # type: ignore[dict-item]
        (lambda: hub.update_subscription_offset("a", "b", "c", wrong), "`offsets`: has the type"),
        (lambda: hub.put_records("a", "b", 1), "`record_list`: expected a batch"),  # type: ignore[arg-type]
        (lambda: hub.put_records("a", "b", "text"), "record 0: a TupleRecord"),
        (lambda: hub.put_records("a", "b", None), "`record_list`: expected a batch"),  # type: ignore[arg-type]
        (lambda: hub.get_subscription_offset("a", "b", "c", 1), "`shard_ids`: expected a list"),  # type: ignore[arg-type]
        (lambda: hub.update_connector("a", "b", "c", None), "`config`: expected the settings"),  # type: ignore[arg-type]
    ):
        with pytest.raises(exceptions.InvalidParameterException, match=re.escape(message)):
            call()  # type: ignore[no-untyped-call]
    with pytest.raises(TypeError):
        hub.list_project(unknown=1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"endpoint": None}, "endpoint"),
        ({"endpoint": "ftp://host"}, "endpoint"),
        ({"protocol": "xml"}, "protocol"),
        ({"compress_format": "rar"}, "compress_format"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"max_attempts": -1}, "max_attempts"),
        ({"connect_timeout": 0}, "connect_timeout"),
        ({"connect_timeout": object()}, "connect_timeout"),
        ({"credential": 1}, "credential"),
    ],
)
def test_a_refused_setting(settings: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"endpoint": "http://127.0.0.1:1", **settings}
    with pytest.raises(exceptions.InvalidParameterException, match=message):
        DataHub("id", "key", **arguments)  # type: ignore[arg-type]


def test_wrong_credentials(hubstream_emulator: Emulator) -> None:
    with (
        DataHub("emulator", "wrong", hubstream_emulator.datahub_url) as hub,
        pytest.raises(exceptions.AuthorizationFailedException) as caught,
    ):
        hub.list_project()
    assert isinstance(caught.value, errors.UnauthenticatedError)
    assert "wrong" not in str(caught.value)


def test_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = url_of(server)
    with DataHub("id", "key", url, max_attempts=1) as hub:
        with pytest.raises(exceptions.ConnectionFailedException) as caught:
            hub.list_project()
        assert isinstance(caught.value, errors.ConnectionError)
        assert isinstance(caught.value, builtins.ConnectionError)
        assert isinstance(caught.value, OSError)
        assert (caught.value.status, caught.value.is_temporary) == ("exhausted", False)
    assert (caught.value.error_code, caught.value.error_detail) == (None, None)
    # What is given counts more than what the URL says.
    query = "?max_attempts=3&connect_timeout=5"
    with (
        DataHub.from_url(f"datahub+{url}/{query}", max_attempts=1) as hub,
        pytest.raises(exceptions.ConnectionFailedException) as caught,
    ):
        hub.list_project()
    assert caught.value.attempts == 1


def test_a_time_limit(silent_server: socket.socket) -> None:
    url = url_of(silent_server)
    limits: tuple[Any, ...] = (0.05, timedelta(milliseconds=50))
    for limit in limits:
        with DataHub("id", "key", url, attempt_timeout=limit, max_attempts=1) as hub:
            with pytest.raises(exceptions.TimeoutException) as caught:
                hub.list_project()
            assert isinstance(caught.value, builtins.TimeoutError)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n<html", "malformed"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "malformed"),
        (b'HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{"ProjectNames": 1}', "malformed"),
        (b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n", "malformed"),
        (b"HTTP/1.1 418 Teapot\r\ncontent-length: 0\r\n\r\n", "invalid_argument"),
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", "unavailable"),
        (b"nonsense\r\n\r\n", "connection"),
    ],
)
def test_a_reply_of_a_wrong_form(reply: bytes, kind: str) -> None:
    _, error = failed_with(reply)
    assert error.kind == kind


def failed_with(
    reply: bytes, credential: Callable[[], Any] = lambda: ("id", "key")
) -> tuple[bytes, exceptions.DatahubException]:
    """The request of a call that is answered so, and its exception."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                requests.append(connection.recv(65536))
                connection.sendall(reply)

        thread = threading.Thread(target=answer)
        thread.start()
        with DataHub(endpoint=url_of(server), credential=credential, max_attempts=1) as hub:
            with pytest.raises(exceptions.DatahubException) as caught:
                hub.list_project()
            thread.join()
    return requests[0], caught.value


class Temporary(Given):
    def get_security_token(self) -> str:  # type: ignore[override]
        return "a token"


@pytest.mark.parametrize("credential", [lambda: ("id", "key", "a token"), lambda: Temporary()])
def test_temporary_credentials_and_the_detail_of_an_error(credential: Callable[[], Any]) -> None:
    body = b'{"ErrorCode":"InvalidParameter","ErrorMessage":"no","ErrorDetail":"the third"}'
    head = b"HTTP/1.1 400 Bad\r\nContent-Length: %d\r\n\r\n" % len(body)
    request, error = failed_with(head + body, credential)
    assert b"security-token: a token\r\n" in request
    assert (error.error_code, error.error_msg) == ("InvalidParameter", "no")
    assert error.error_detail == "the third"


def test_what_stands_for_a_value(hub: DataHub) -> None:
    class One:
        def __index__(self) -> int:
            return 1

    names: Any = MappingProxyType({"id": "ID"})
    one: Any = One()
    schema = RecordSchema.from_lists(["id"], [FieldType.BIGINT])
    config = OssConnectorConfig("oss", "b", "p", "%Y", 15, AuthMode.STS)
    hub.create_project("shop", "")
    hub.create_tuple_topic("shop", "orders", one, 7, schema, "")
    assert hub.get_topic("shop", "orders").shard_count == 1
    kind = ConnectorType.SINK_OSS
    hub.create_connector("shop", "orders", kind, ["id"], config, column_name_map=names)
    assert hub.get_connector("shop", "orders", kind).column_name_map == {"id": "ID"}
    endless: Any = []
    endless.append(endless)
    with pytest.raises(errors.InvalidArgumentError, match="nested too deeply"):
        hub.get_project(endless)


def test_every_kind_has_a_class() -> None:
    for kind, general in errors.BY_KIND.items():
        assert general.kind == kind
        assert issubclass(general, errors.HubstreamError)
        chosen = exceptions.exception_class(kind, "")
        assert issubclass(chosen, (exceptions.DatahubException, general))
        assert issubclass(chosen, general)
        assert isinstance(pickle.loads(pickle.dumps(general("x"))), general)


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        ("InvalidParameter", "invalid_argument", "InvalidParameterException"),
        ("InvalidCursor", "position_lost", "InvalidCursorException"),
        ("SeekOutOfRange", "position_lost", "SeekOutOfRangeException"),
        ("NoSuchTopic", "not_found", "ResourceNotFoundException"),
        ("TopicAlreadyExist", "already_exists", "ResourceExistException"),
        ("Unauthorized", "unauthenticated", "AuthorizationFailedException"),
        ("NoPermission", "permission_denied", "NoPermissionException"),
        ("OperationDenied", "conflict", "InvalidOperationException"),
        ("InvalidShardOperation", "shard_closed", "ShardSealedException"),
        ("LimitExceeded", "rate_limited", "LimitExceededException"),
        ("SubscriptionOffline", "subscription_offline", "SubscriptionOfflineException"),
        ("OffsetReseted", "offset_reset", "OffsetResetException"),
        ("OffsetSessionChanged", "session_lost", "InvalidOperationException"),
        ("InternalServerError", "unavailable", "InternalServerException"),
    ],
)
def test_codes_have_the_classes_of_the_reference(code: str, kind: str, name: str) -> None:
    assert issubclass(exceptions.exception_class(kind, code), getattr(exceptions, name))
    assert issubclass(exceptions.OffsetResetException, exceptions.InvalidOperationException)
    assert not issubclass(exceptions.InvalidCursorException, exceptions.InvalidParameterException)


def test_an_exception_made_by_hand() -> None:
    error = exceptions.DatahubException("message", 404, "id", "NoSuchTopic", "detail")
    assert (error.error_msg, error.status_code, error.request_id) == ("message", 404, "id")
    assert (error.error_code, error.error_detail) == ("NoSuchTopic", "detail")
    assert str(error) == "message"
    assert exceptions.ResourceExistException("message").status_code == -1


def test_other_services_raise_the_general_classes(hubstream_emulator: Emulator) -> None:
    with DisClient(
        endpoint=hubstream_emulator.dis_url,
        access_id="emulator",
        access_key="emulator",
        project_id="project",
    ) as client:
        with pytest.raises(errors.NotFoundError) as caught:
            client.describe_stream("none")
        assert type(caught.value) is errors.NotFoundError
        assert caught.value.service == "dis"


def test_a_value_that_is_not_known_yet() -> None:
    state = ShardState.received("FROZEN")
    assert (state.name, state.value) == ("FROZEN", "FROZEN")
    assert state is ShardState.received("FROZEN")
    assert state is pickle.loads(pickle.dumps(state))
    assert ShardState.received("ACTIVE") is ShardState.ACTIVE
    assert state not in list(ShardState)
    with pytest.raises(ValueError, match="FROZEN"):
        ShardState("FROZEN")
