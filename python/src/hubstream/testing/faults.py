"""What an emulator does wrong on request: the types of `Emulator.set_faults`."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

__all__ = [
    "ClockSkew",
    "Effect",
    "ErrorReply",
    "Failure",
    "Fault",
    "Latency",
    "StruckFault",
    "Throttle",
]


class Latency(TypedDict):
    """The reply takes longer."""

    latency_ms: int
    """By how many milliseconds, up to one hour."""


class ErrorReply(TypedDict):
    """An error in the form of the service."""

    status: int
    """The HTTP status, 400 to 599."""
    code: str
    """The service's error code."""
    message: NotRequired[str]
    """What the error says; empty by default."""


class Failure(TypedDict):
    """The reply is an error."""

    error: ErrorReply
    """The error."""


class Throttle(TypedDict):
    """The reply is the service's own for too many requests; the request is not handled."""

    throttle: Literal[True]
    """Always true."""


class ClockSkew(TypedDict):
    """The service sees the time later, or earlier if negative."""

    clock_skew_seconds: int
    """By how many seconds."""


Effect = Literal["drop", "half", "corrupt_crc"] | Latency | Failure | Throttle | ClockSkew
"""What a fault does. `drop` closes the connection without a reply, `half` after half of it, and
`corrupt_crc` makes the checksum of a reply in a binary frame wrong."""


class Fault(TypedDict):
    """What goes wrong for some requests."""

    operation: str
    """Name of an operation, as in `PutRecords`, or `*` for every request."""
    effect: Effect
    """What happens."""
    service: NotRequired[Literal["datahub", "dis"]]
    """The service; both by default."""
    count: NotRequired[int]
    """How often it happens at most; without limit by default."""
    probability: NotRequired[float]
    """How likely it happens to a request that fits, 0 to 1; 1 by default."""
    when: NotRequired[Literal["before", "after"]]
    """Whether it happens before or after the service handles the request. By default replies that
    are lost, cut off or damaged are so after, all else happens before."""
    retry_after_seconds: NotRequired[int]
    """What a reply of throttling or of an error asks to wait, up to one day; nothing by default."""


class StruckFault(Fault):
    """A fault that is set."""

    struck: int
    """How many requests it happened to."""
