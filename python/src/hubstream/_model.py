"""What all groups of members and enumerations of the services share.

The groups behave as data classes with slots, those of results as frozen ones, and are ones to
`dataclasses`. That module is imported only when somebody asks it: making so many classes with it
takes longer than all other imports.
"""

from __future__ import annotations

import sys
from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import ModuleType, UnionType
    from typing import Any, ClassVar, NoReturn, Self, TypeVar

    _T = TypeVar("_T")


class _Fields:
    """The fields of a class as `dataclasses` wants them, made at the first look."""

    def __get__(self, instance: object, owner: type[Model]) -> dict[str, Any]:
        from dataclasses import MISSING, field, make_dataclass
        from inspect import Parameter, signature

        parameters = signature(owner).parameters
        members = []
        for name in owner.__slots__:
            default = parameters[name].default if name in parameters else Parameter.empty
            made = field(
                default=MISSING if default is Parameter.empty else default,
                repr=name not in owner._HIDDEN,
            )
            members.append((name, owner.__annotations__[name], made))
        fields: dict[str, Any] = vars(make_dataclass(owner.__name__, members))[
            "__dataclass_fields__"
        ]
        type.__setattr__(owner, "__dataclass_fields__", fields)
        return fields


_FIELDS = _Fields()


class Model:
    """A group of members that cannot be changed."""

    __slots__: tuple[str, ...] = ()

    if TYPE_CHECKING:
        # Not for `get_type_hints`, which would need `typing`.
        _HIDDEN: ClassVar[tuple[str, ...]]
        _WIRE: ClassVar[tuple[str, ...]]
        __dataclass_fields__: ClassVar[dict[str, Any]]

    # Members that are not printed.
    _HIDDEN = ()
    # The service's names of the members; empty for those that are not in its messages, `*` for
    # maps whose entries stand among the members there.
    _WIRE = ()

    __dataclass_fields__ = _FIELDS  # type: ignore[assignment]

    def __init_subclass__(cls) -> None:
        type.__setattr__(cls, "__match_args__", cls.__slots__)
        # Not those of a class that this one is derived from, once somebody has looked at them.
        type.__setattr__(cls, "__dataclass_fields__", _FIELDS)

    def _members(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self.__slots__])

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self._members() == other._members()

    def __hash__(self) -> int:
        return hash(self._members())

    def __repr__(self) -> str:
        shown = [
            f"{name}={getattr(self, name)!r}" for name in self.__slots__ if name not in self._HIDDEN
        ]
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def __str__(self) -> str:
        return str(self._json(hide=True))

    def to_json(self) -> dict[str, Any]:
        """The members by the service's names, as values that `json` can write.

        Absent members are left out. Secrets are not; printing the object hides them.
        """
        return self._json(hide=False)

    def _json(self, hide: bool) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for name, wire in zip(self.__slots__, self._WIRE, strict=True):
            value = getattr(self, name)
            hidden = hide and name in self._HIDDEN
            if wire == "*":
                members.update(dict.fromkeys(value, "***") if hidden else value)
            elif hidden and value:
                members[wire] = "***"
            elif wire and value is not None:
                members[wire] = _plain(value, hide)
        return members

    def __setattr__(self, name: str, value: object) -> NoReturn:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self._members())


class Editable(Model):
    """A group of members that calls are given, and that can be changed between them."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __setattr__(self, name: str, value: object) -> None:  # type: ignore[override]
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"cannot delete field {name!r}")


def _plain(value: Any, hide: bool) -> Any:
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Model):
        return value._json(hide)
    if isinstance(value, dict):
        return {key: _plain(item, hide) for key, item in value.items()}
    if hasattr(value, "to_json"):
        return value.to_json()
    if hasattr(value, "value"):
        return value.value
    return [_plain(item, hide) for item in value]


def _restore(model: type[Model], members: tuple[Any, ...]) -> Model:
    made = model.__new__(model)
    for name, value in zip(model.__slots__, members, strict=True):
        object.__setattr__(made, name, value)
    return made


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


def optional(decode: Callable[[Any], _T], value: Any) -> _T | None:
    """Decodes a value that may be absent."""
    return None if value is None else decode(value)


def tagged(models: UnionType, value: dict[str, Any]) -> Any:
    """Makes the model that a value names as its kind, out of several."""
    facts = dict(value)
    kind = facts.pop("kind")
    model = next(model for model in models.__args__ if model.__name__ == kind)
    return model.from_native(facts)


def load(name: str) -> ModuleType:
    """Imports a module; `importlib` would have to be imported itself."""
    __import__(name)
    return sys.modules[name]


def attribute(package: str, name: str, homes: Mapping[str, str]) -> Any:
    """What the name stands for in a package of models, whose modules are imported when needed.

    Names without a home of their own are those of the package's results and types.
    """
    if name.startswith("_"):
        raise AttributeError(_no_attribute(package, name))
    home = homes.get(name)
    if home is None and name.islower():
        try:
            return load(f"{package}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{package}.{name}":
                raise
            raise AttributeError(_no_attribute(package, name)) from None
    if home is None:
        home = f"{package}.results" if name.endswith("Result") else f"{package}.types"
    try:
        return getattr(load(home), name)
    except AttributeError:
        raise AttributeError(_no_attribute(package, name)) from None


def _no_attribute(package: str, name: str) -> str:
    return f"module {package!r} has no attribute {name!r}"


def exported(package: str, homes: Iterable[str]) -> list[str]:
    """The names that a package of models has."""
    return [*homes, *load(f"{package}.results").__all__, *load(f"{package}.types").__all__]
