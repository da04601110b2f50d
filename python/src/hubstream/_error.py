"""The base of all exceptions, and how the native part makes them."""

from __future__ import annotations

from hubstream._model import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Chooser = Callable[[str, str], type["HubstreamError"]]


class HubstreamError(Exception):
    """A failure, with everything needed to act on it and nothing secret in it.

    Attributes:
        kind: What kind of failure, as in `rate_limited`; each kind has a class of its own.
        status: `permanent`, `temporary`, or `exhausted` once the retries of the client are used up.
        code: The service's own error code, verbatim; empty when the failure is local.
        message: The message without the facts around it.
        detail: Further text that the service sent beside its message.
        service: The service that was called, as in `datahub`.
        operation: The operation that was called, as in `GetTopic`.
        http_status: The status of the HTTP reply, if there was one.
        request_id: The id that the service gave to the request.
        attempts: How many attempts were made; 0 when nothing was sent.
        retry_after: Seconds that the service asked to wait before another try.
        was_sent: Whether the request may have reached the service.
        context: Further facts by name.
    """

    kind: str = "internal"
    status: str = "permanent"
    code: str = ""
    message: str = ""
    detail: str = ""
    service: str = ""
    operation: str = ""
    http_status: int | None = None
    request_id: str = ""
    attempts: int = 0
    retry_after: float | None = None
    was_sent: bool = False
    context: Mapping[str, str] = {}

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message

    @property
    def is_temporary(self) -> bool:
        """Whether the same call may succeed later; false once the client's retries are used up."""
        return self.status == "temporary"

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else self.message


_choosers: dict[str, Chooser] = {}


def _chooser(service: str) -> Chooser:
    """How the exceptions of a service are chosen: by itself if it has own ones, else by kind."""
    if service not in _choosers:
        from hubstream.errors import BY_KIND

        def by_kind(kind: str, _code: str) -> type[HubstreamError]:
            return BY_KIND.get(kind, HubstreamError)

        chooser: Chooser = by_kind
        if service:
            name = f"hubstream.{service}.exceptions"
            try:
                chooser = load(name).exception_class
            except ModuleNotFoundError as error:
                if error.name not in {name, name.rpartition(".")[0]}:
                    raise
        _choosers[service] = chooser
    return _choosers[service]


def make(text: str, facts: dict[str, Any]) -> HubstreamError:
    """Makes the exception for an error of the native part."""
    choose = _chooser(facts["service"])
    error = choose(facts["kind"], facts["code"])(text)
    error.__dict__.update(facts)
    return error
