"""The same bytes over a bare socket: what a request costs at least, without a client."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

ROOM = 65536


def _whole(connection: socket.socket, content: bytes) -> bytes:
    """A message to its end, of which some came already."""
    while b"\r\n\r\n" not in content:
        content += _more(connection)
    head = content.partition(b"\r\n\r\n")[0]
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    length = len(head) + 4 + int(fields.get(b"content-length", 0))
    while len(content) < length:
        content += _more(connection)
    return content


def _more(connection: socket.socket) -> bytes:
    part = connection.recv(ROOM)
    if not part:
        raise SystemExit("bare socket: the connection was closed")
    return part


def _connect(url: str) -> socket.socket:
    place = urlsplit(url)
    connection = socket.create_connection((place.hostname, place.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def recorded(url: str, call: Callable[[str], object]) -> bytes:
    """The last request that a call sends, which gets the URL of a relay."""
    requests: list[bytes] = []

    def relay() -> None:
        client, _ = listener.accept()
        with client, _connect(url) as server:
            while part := client.recv(ROOM):
                requests.append(_whole(client, part))
                server.sendall(requests[-1])
                client.sendall(_whole(server, b""))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=relay)
        thread.start()
        call(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    return requests[-1]


def exchange(url: str, call: Callable[[str], object]) -> Callable[[], bytes]:
    """Sends what a call sends, and receives the reply, each time that it is called."""
    request = recorded(url, call)
    connection = _connect(url)
    connection.sendall(request)
    reply = _whole(connection, b"")
    if not reply.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"bare socket: {reply.decode()}")
    length = len(reply)

    def once() -> bytes:
        connection.sendall(request)
        found = connection.recv(ROOM)
        while len(found) < length:
            found += _more(connection)
        return found

    return once
