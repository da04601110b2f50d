"""Who is accepted, and what survives a crash."""

import json
import urllib.error
import urllib.request

import pytest
from conftest import PROJECT_ID, make_client
from emulator_process import ACCESS_ID, ACCESS_KEY, EmulatorProcess
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkdis.v2 import (
    CreateAppReq,
    CreateAppRequest,
    CreateStreamReq,
    CreateStreamRequest,
    ListStreamsRequest,
)
from test_apps import commit
from test_apps import show as show_checkpoint
from test_records import cursor, data, entry, get, put


def refusal(client):
    with pytest.raises(ClientRequestException) as caught:
        client.list_streams(ListStreamsRequest())
    return caught.value.status_code, caught.value.error_code


def raw(url, path="/streams", method="GET", body=None, **headers):
    """Sends a request without the official client; returns status and body."""
    request = urllib.request.Request(f"{url}/v2/{PROJECT_ID}{path}", method=method, data=body)
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_signatures_are_checked(emulator):
    assert refusal(make_client(emulator.url, BasicCredentials(ACCESS_ID, "wrong", PROJECT_ID))) == (401, "DIS.4112")
    assert refusal(make_client(emulator.url, BasicCredentials("nobody", ACCESS_KEY, PROJECT_ID))) == (401, "DIS.4107")


def test_temporary_keys_are_let_in(emulator):
    credentials = BasicCredentials(ACCESS_ID, ACCESS_KEY, PROJECT_ID).with_security_token("a-temporary-token")
    client = make_client(emulator.url, credentials)
    assert client.list_streams(ListStreamsRequest()).status_code == 200


def test_derived_signatures_are_let_in(emulator):
    credentials = BasicCredentials(ACCESS_ID, ACCESS_KEY, PROJECT_ID).with_derived_predicate(lambda request: True)
    credentials._process_derived_auth_params("dis", "cn-north-4")
    client = make_client(emulator.url, credentials)
    assert client.list_streams(ListStreamsRequest()).status_code == 200


def test_tokens_are_let_in(emulator):
    status, body = raw(emulator.url, X_Auth_Token=ACCESS_KEY)
    assert status == 200
    assert isinstance(body["stream_names"], list)
    status, body = raw(emulator.url, X_Auth_Token="wrong")
    assert (status, body["errorCode"]) == (401, "DIS.4114")


def test_strangers_get_errors_of_the_service(emulator):
    status, body = raw(emulator.url)
    assert (status, body["errorCode"], body["error_code"]) == (401, "DIS.4101", "DIS.4101")
    assert body["message"] == body["error_msg"]
    status, body = raw(emulator.url, path="/nothing", X_Auth_Token=ACCESS_KEY)
    assert (status, body["errorCode"]) == (404, "DIS.4200")
    status, body = raw(emulator.url, path="/apps", method="POST", body=b"{", X_Auth_Token=ACCESS_KEY)
    assert (status, body["errorCode"]) == (400, "DIS.4200")


def test_a_client_without_project_is_told_so(emulator):
    url = f"{emulator.url}/v2/%7Bproject_id%7D/streams"
    request = urllib.request.Request(url, headers={"X-Auth-Token": ACCESS_KEY})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    with caught.value as answer:
        assert json.loads(answer.read())["errorCode"] == "DIS.4117"


def test_projects_do_not_see_each_other(emulator, stream):
    other = make_client(emulator.url, BasicCredentials(ACCESS_ID, ACCESS_KEY, "another"))
    assert stream not in other.list_streams(ListStreamsRequest(limit=100)).stream_names


def test_acknowledged_writes_survive_a_crash(tmp_path):
    name = "durable"
    first = EmulatorProcess("dis", "--data-dir", str(tmp_path))
    client = make_client(first.url)
    client.create_stream(CreateStreamRequest(body=CreateStreamReq(stream_name=name, partition_count=2)))
    client.create_app(CreateAppRequest(body=CreateAppReq(app_name=name)))
    put(client, name, *[entry(str(n).encode(), partition_id="1") for n in range(5)])
    commit(client, name, "1", "3", metadata="half-way")
    held = cursor(client, name, "1", cursor_type="AT_SEQUENCE_NUMBER", starting_sequence_number="3")
    first.kill()

    second = EmulatorProcess("dis", "--data-dir", str(tmp_path))
    client = make_client(second.url)
    assert show_checkpoint(client, name, "1") == ("3", "half-way")
    assert data(get(client, held)) == [b"3", b"4"]
    put(client, name, entry(b"after", partition_id="1"))
    everything = get(client, cursor(client, name, "1", cursor_type="TRIM_HORIZON"))
    assert data(everything) == [b"0", b"1", b"2", b"3", b"4", b"after"]
    second.stop()
