"""A fixture for pytest; found by pytest itself once hubstream is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubstream.testing import Emulator


@pytest.fixture(scope="session")
def hubstream_emulator_process() -> Iterator[Emulator]:
    """One emulator for the whole run; prefer `hubstream_emulator`, which starts empty."""
    from hubstream.testing import Emulator

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def hubstream_emulator(hubstream_emulator_process: Emulator) -> Emulator:
    """An emulator without any state, of DataHub and DIS."""
    hubstream_emulator_process.reset()
    return hubstream_emulator_process
