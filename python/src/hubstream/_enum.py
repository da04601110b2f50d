"""Enumerations that services may extend."""

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


class OpenEnum(Enum):
    """An enumeration that may receive values which this version does not know.

    Such a value becomes a member of its own, whose name and value are what was received. Making a
    member by hand, as in `ShardState("ACTIVE")`, works for known values only.
    """

    @classmethod
    def received(cls, value: Any) -> Self:
        """The member of a value that a service sent."""
        try:
            return cls(value)
        except ValueError:
            return cls._unknown(value)

    @classmethod
    def _unknown(cls, value: Any) -> Self:
        unknown: dict[Any, Self] = cls.__dict__.get("_unknown_members") or {}
        if not unknown:
            type.__setattr__(cls, "_unknown_members", unknown)
        if value not in unknown:
            member = object.__new__(cls)
            member._name_ = str(value)
            member._value_ = value
            unknown[value] = member
        return unknown[value]

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return (type(self).received, (self.value,))
