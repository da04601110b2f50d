"""Modules that are imported when they are first used."""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def load(name: str) -> ModuleType:
    """Imports a module; `importlib` would have to be imported itself."""
    __import__(name)
    return sys.modules[name]


class _LazyModule(ModuleType):
    """Stands for a module; imports it at the first look."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = getattr(load(self.__name__), name)
        setattr(self, name, value)
        return value


def lazy_module(name: str) -> ModuleType:
    """Gives a stand-in for the module of that name."""
    return _LazyModule(name)
