"""Runs every scenario of tests/scenarios through the blocking clients and those with coroutines."""

from __future__ import annotations

import asyncio
import copy
import inspect
import typing
from enum import Enum
from typing import Any

import pytest

import scenario as scenarios
from hubstream import HubstreamError, datahub, dis
from hubstream.datahub import aio as datahub_aio
from hubstream.dis import aio as dis_aio
from hubstream.testing import Emulator

START = 1_800_000_000
CLIENTS = {"datahub": datahub.DataHub, "dis": dis.DisClient}
ASYNC_CLIENTS = {"datahub": datahub_aio.DataHub, "dis": dis_aio.DisClient}


class Run:
    """The steps of a scenario, with the clients of one kind."""

    def __init__(self, scenario: scenarios.Scenario, kinds: dict[str, Any], emulator: Emulator):
        self.scenario = copy.deepcopy(scenario)
        self.service = scenario.text["service"]
        self.kind = kinds[self.service]
        self.emulator = emulator
        self.clients: dict[str, Any] = {}

    def client(self, name: str) -> Any:
        if name not in self.clients:
            settings: dict[str, Any] = {
                "endpoint": getattr(self.emulator, f"{self.service}_url"),
                "access_id": self.emulator.access_id,
                "access_key": self.emulator.access_key,
                "max_attempts": 1,
                **self.scenario.settings,
                **self.scenario.text.get("clients", {}).get(name, {}),
            }
            if self.service == "dis":
                settings["project_id"] = "project"
            self.clients[name] = self.kind(**settings)
        return self.clients[name]

    def argument(self, method: Any, name: str, value: Any) -> Any:
        """Takes the member of an enumeration where one is wanted."""
        hint = method.__annotations__[name].removeprefix("models.").removesuffix(" | None")
        kind = getattr(scenarios.MODELS[self.service], hint, None)
        is_name = inspect.isclass(kind) and issubclass(kind, Enum) and isinstance(value, str)
        return kind[value] if is_name else value

    async def call(self, step: dict[str, Any]) -> Any:
        method = getattr(self.client(step.get("client", "main")), step["call"])
        arguments = self.scenario.value(step.get("with", {}))
        arguments = {name: self.argument(method, name, arguments[name]) for name in arguments}
        result = method(**arguments)
        return scenarios.plain(await result if inspect.isawaitable(result) else result)

    async def step(self, step: dict[str, Any]) -> None:
        if "advance" in step:
            self.emulator.advance(step["advance"])
        if "faults" in step:
            self.emulator.set_faults(step["faults"], step.get("seed", 0))
        if "call" in step:
            await self.outcome(step)
        if "struck" in step:
            assert [fault["struck"] for fault in self.emulator.faults()] == step["struck"]

    async def outcome(self, step: dict[str, Any]) -> None:
        if "error" in step:
            with pytest.raises(HubstreamError) as caught:
                await self.call(step)
            self.scenario.matches(step["error"], facts(caught.value))
            return
        result = await self.call(step)
        if "expect" in step:
            self.scenario.matches(step["expect"], result)
        for name, path in step.get("save", {}).items():
            self.scenario.variables[name] = scenarios.at(result, path)

    async def all(self) -> None:
        for number, step in enumerate(self.scenario.text["step"], 1):
            try:
                await self.step(step)
            except Exception as error:
                error.add_note(f"in step {number} ({step.get('call', 'no call')})")
                raise


def facts(error: HubstreamError) -> dict[str, Any]:
    names = (
        *("kind", "status", "code", "message", "service", "operation"),
        *("http_status", "request_id", "attempts", "retry_after", "was_sent"),
    )
    argument = error.context.get("argument")
    return {**{name: getattr(error, name) for name in names}, "argument": argument}


def start(scenario: scenarios.Scenario) -> Emulator:
    limits: Any = scenario.text.get("limits", "standard")
    return Emulator(limits=limits, start_time=START)


def finish(coroutine: typing.Coroutine[Any, Any, None]) -> None:
    """Runs a coroutine that waits for nothing."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


every_scenario = pytest.mark.parametrize(
    "scenario", scenarios.all_scenarios(), ids=lambda scenario: scenario.name
)


@every_scenario
def test_blocking(scenario: scenarios.Scenario) -> None:
    with start(scenario) as emulator:
        run = Run(scenario, CLIENTS, emulator)
        finish(run.all())
        for client in run.clients.values():
            client.close()


@every_scenario
def test_coroutines(scenario: scenarios.Scenario) -> None:
    async def steps() -> None:
        async with start(scenario) as emulator:
            run = Run(scenario, ASYNC_CLIENTS, emulator)
            await run.all()
            for client in run.clients.values():
                await client.close()

    asyncio.run(steps())
