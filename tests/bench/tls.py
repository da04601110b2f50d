"""TLS in front of an emulator, which has none itself: a process of its own that hands on what comes.

`python tls.py CERTIFICATE HOST PORT` serves until its input ends, and prints the port that it listens on.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit


@contextmanager
def front(url: str, pin: Callable[[], None]) -> Iterator[tuple[str, str]]:
    """The URL of a server with TLS for the one given, and the file of its authority, which both clients trust."""
    import trustme

    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    parts = urlsplit(url)
    with tempfile.TemporaryDirectory() as folder:
        own, trusted = Path(folder, "server.pem"), Path(folder, "authority.pem")
        own.write_bytes(
            certificate.private_key_pem.bytes() + b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
        )
        authority.cert_pem.write_to_path(trusted)
        words = [sys.executable, __file__, str(own), parts.hostname or "", str(parts.port)]
        before = os.environ.get("REQUESTS_CA_BUNDLE")
        os.environ["REQUESTS_CA_BUNDLE"] = str(trusted)
        with subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=pin
        ) as process:
            try:
                port = process.stdout.readline().strip() if process.stdout else ""
                if not port:
                    raise SystemExit("the server with TLS did not start")
                yield f"https://localhost:{port}", str(trusted)
            finally:
                process.stdin.close()
                os.environ.pop("REQUESTS_CA_BUNDLE")
                if before is not None:
                    os.environ["REQUESTS_CA_BUNDLE"] = before


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, ssl.SSLError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()


async def _serve(certificate: str, host: str, port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind = await asyncio.open_connection(host, port)
        await asyncio.gather(_pump(reader, behind[1]), _pump(behind[0], writer))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    # Connections that are still open need no farewell.
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], sys.argv[2], int(sys.argv[3])))
