"""Runs a command on a loopback interface of its own, where no connection is paced.

BBR, the default of some systems, paces connections, on loopback too: it sends some large bodies at once and others in
parts, and keeps to one way or the other for a while. A put of 340 KB then costs its sender 0.10 or 0.19 ms, whatever
the client does.

usage: loopback.py PROGRAM [WORD ...]
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

CONGESTION_CONTROL = Path("/proc/sys/net/ipv4/tcp_congestion_control")
# Of <linux/sched.h>, <linux/sockios.h> and <linux/if.h>.
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def congestion_control() -> str:
    """The name of what decides how much a connection sends at once."""
    try:
        return CONGESTION_CONTROL.read_text().strip()
    except OSError:
        return "unknown"


def enter() -> None:
    """Gives this process, and those that it will start, a loopback interface of their own, with Reno."""
    system, user, group = ctypes.CDLL(None, use_errno=True), os.getuid(), os.getgid()
    if system.unshare(CLONE_NEWUSER | CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "no namespace can be made")
    # Files stay those of the same user.
    for name, content in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        (Path("/proc/self") / name).write_text(content)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    CONGESTION_CONTROL.write_text("reno")


def main() -> None:
    if sys.platform == "linux" and congestion_control() != "reno":
        try:
            enter()
        except OSError as error:
            print(
                f"measured on the loopback interface of the system, with {congestion_control()}: {error}",
                file=sys.stderr,
            )
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
