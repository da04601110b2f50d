"""Runs all tests of all languages, one step after the other, and says how each went.

    python3 tests/run.py              all steps
    python3 tests/run.py rust python  these steps, after those that they need
    python3 tests/run.py --list       the names of the steps

A step that fails does not keep the following ones from running, unless they need it. The exit code is 0 only if
every step succeeded. Everything is built once, by the step `build`, and all steps use it: they find
HUBSTREAM_BUILT set and do not build the workspace again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# What a script answers when it cannot run here; its last line says why.
LEFT_OUT = 77
# Lines of a failed step that are shown again below the summary, where a cut log still has them.
LAST_LINES = 6
FUZZ_SECONDS = os.environ.get("FUZZ_SECONDS", "6")
SOAK_SECONDS = os.environ.get("SOAK_SECONDS", "60")


@dataclass
class Step:
    name: str
    commands: list[list[str]]
    needs: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    missing: str = ""
    # Whether it says how many files of scenarios it ran; all of them, or the step failed.
    scenarios: bool = False


@dataclass
class Outcome:
    state: str
    seconds: float = 0.0
    told: str = ""
    last: list[str] = field(default_factory=list)


def script(*words: str) -> list[str]:
    return [str(ROOT / words[0]), *words[1:]]


def interop_steps() -> list[Step]:
    runs = sorted((ROOT / "tests" / "interop").glob("*/run"))
    # The matrix runs the packages of all languages.
    needs = {"matrix": ("packages",)}
    names = [run.parent.name for run in runs]
    return [
        Step(f"interop-{name}", [[str(run)]], needs.get(name, ("build",)))
        for name, run in zip(names, runs, strict=True)
    ]


def kotlin_missing() -> str:
    wanting = [tool for tool in ("mvn", "javac") if shutil.which(tool) is None]
    return f"{' and '.join(wanting)} not installed" if wanting else ""


def ruby_missing() -> str:
    """The tests install Ruby where they may."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        return ""
    if shutil.which("ruby") is None:
        return "ruby not installed"
    found = subprocess.run(["ruby", "-e", 'require "ffi"; require "minitest"'], capture_output=True, check=False)
    return "" if found.returncode == 0 else "the gems ffi and minitest are not installed"


def uniffi_library() -> dict[str, str]:
    suffix = "dylib" if sys.platform == "darwin" else "so"
    return {"HUBSTREAM_LIBRARY": str(TARGET / "debug" / f"libhubstream_uniffi.{suffix}")}


def formatting_elsewhere() -> list[list[str]]:
    """How the packages are checked that are no members of the workspace."""
    manifests = ("tests/fuzz", "tests/bench/crate", "bindings/uniffi/bindgen")
    return [["cargo", "fmt", "--check", "--manifest-path", str(ROOT / name / "Cargo.toml")] for name in manifests]


def fuzz_targets() -> list[str]:
    """Clippy of the fuzz targets, which are no members of the workspace but share its dependencies."""
    manifest = ROOT / "tests" / "fuzz" / "Cargo.toml"
    chosen = ["--locked", "--manifest-path", str(manifest), "--target-dir", str(TARGET)]
    return ["cargo", "clippy", *chosen, "--lib", "--bins", "--", "-D", "warnings"]


def each_feature() -> list[list[str]]:
    """The core with none of its features, with each alone, and with all."""
    features = tomllib.loads((ROOT / "core" / "Cargo.toml").read_text())["features"]
    alone = [["--no-default-features", "--features", name] for name in features if name != "default"]
    lint = ["cargo", "clippy", "--package", "hubstream"]
    chosen = [["--no-default-features"], *alone, ["--all-features"]]
    return [[*lint, *features, "--", "-D", "warnings"] for features in chosen]


def steps() -> list[Step]:
    return [
        Step("prepare", [script("tests/prepare")]),
        Step("format", [["cargo", "fmt", "--all", "--check"], *formatting_elsewhere()]),
        Step("build", [["cargo", "build", "--workspace", "--all-targets"]], ("prepare",)),
        Step(
            "codegen",
            [
                [str(TARGET / "debug" / "hubstream-codegen"), "--check"],
                script("bindings/uniffi/generate", "--check"),
                ["cargo", "test", "--quiet", "--workspace", "--bin", "hubstream-codegen"],
            ],
            ("build",),
            uniffi_library(),
        ),
        Step(
            "lint",
            [["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"], fuzz_targets()],
            (),
            # Checking links nothing, so the engine of the targets need not be compiled.
            {"CUSTOM_LIBFUZZER_PATH": str(ROOT / "tests" / "fuzz" / "Cargo.toml")},
        ),
        Step("features", each_feature()),
        Step("rust", [["cargo", "test", "--workspace", "--no-fail-fast"]], ("build",)),
        Step("vectors", [["cargo", "test", "--workspace", "--test", "vectors", "--", "--nocapture"]], ("build",)),
        Step("docs", [["cargo", "doc", "--workspace", "--no-deps"]], (), {"RUSTDOCFLAGS": "-D warnings"}),
        Step("licences", [script("tests/licences")], ("prepare",)),
        Step("packages", [script("python/develop"), script("node/develop")], ("build",)),
        Step("examples", [script("examples/check")], ("packages",)),
        Step("python", [script("python/check"), script("python/test")], ("packages",)),
        Step("node", [script("node/check"), script("node/test-all")], ("packages",)),
        Step("ruby", [script("bindings/uniffi/ruby/test-all")], ("build",), uniffi_library(), ruby_missing()),
        Step(
            "kotlin",
            [script("bindings/uniffi/kotlin/test-all")],
            ("build",),
            uniffi_library(),
            kotlin_missing(),
            scenarios=True,
        ),
        Step("swift", [script("bindings/uniffi/swift/test-all")], ("build",), uniffi_library()),
        *interop_steps(),
        Step("readme", [[sys.executable, script("tests/readme.py")[0]]], ("packages",)),
        Step("demo", [script("examples/demo")], ("packages",)),
        Step("instructions", [script("tests/bench/instructions")], ("prepare",)),
        Step("soak", [script("tests/soak/run", SOAK_SECONDS)], ("build",)),
        Step("fuzz", [script("tests/fuzz/run", FUZZ_SECONDS)]),
    ]


def chosen(all_steps: list[Step], names: list[str]) -> list[Step]:
    known = {step.name: step for step in all_steps}
    wanted: set[str] = set()

    def want(name: str) -> None:
        if name not in known:
            sys.exit(f"there is no step {name!r}; there are {', '.join(known)}")
        if name not in wanted:
            wanted.add(name)
            for other in known[name].needs:
                want(other)

    for name in names or known:
        want(name)
    return [step for step in all_steps if step.name in wanted]


def run(command: list[str], environment: dict[str, str]) -> tuple[int, list[str]]:
    """Runs a command, shows what it says as it comes, and gives its exit code and what it said."""
    print(f"$ {' '.join(command).replace(str(ROOT) + '/', '')}", flush=True)
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        print(f"error: {error}", flush=True)
        return 1, [str(error)]
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line.rstrip())
    return process.wait(), lines


def summary(lines: list[str]) -> str:
    """What the runners of a step say about themselves, in short."""
    told = []
    rust = [re.match(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", line) for line in lines]
    counts = [[int(number) for number in match.groups()] for match in rust if match]
    if counts:
        passed, failed, ignored = (sum(column) for column in zip(*counts, strict=True))
        told.append(f"{passed} passed, {failed} failed, {ignored} ignored")
    vectors = [
        re.search(r"(\d+) cases, (\d+) passed, (\d+) failed, (\d+) not built, (\d+) deviate", line) for line in lines
    ]
    if any(vectors):
        cases = [sum(int(match[place]) for match in vectors if match) for place in range(1, 6)]
        told.append("{} cases: {} passed, {} failed, {} of operations not built, {} deviate on purpose".format(*cases))
    node = {}
    for line in lines:
        if match := re.match(r"\S (tests|pass|fail|skipped) (\d+)$", line):
            node[match[1]] = node.get(match[1], 0) + int(match[2])
        elif match := re.match(r"=* ?(\d+ (?:passed|failed|skipped|error).*?) in [\d.]+s", line):
            told.append(match[1])
        elif re.match(
            r"\d+ runs, \d+ assertions|\[INFO\] Tests run: \d+, F.*\d$|"
            r"(?:demo|fuzz|instructions|matrix|readme|scenarios|soak|swift): ",
            line,
        ):
            told.append(re.sub(r"^(?:\[INFO\]|(?:demo|fuzz|instructions|matrix|readme|soak|swift):) ", "", line))
    if node:
        told.append(f"{node.get('pass', 0)} passed, {node.get('fail', 0)} failed, {node.get('skipped', 0)} skipped")
    return "; ".join(told)


def scenarios_left_out(lines: list[str]) -> str:
    """What is wrong with the number of files of scenarios that a step ran."""
    files = len(list((ROOT / "tests" / "scenarios").rglob("*.toml")))
    told = [match for line in lines if (match := re.match(r"scenarios: (\d+) files", line))]
    if len(told) == 1 and int(told[0][1]) == files:
        return ""
    return f"ran {told[0][1] if told else 'no'} files of scenarios of {files}"


def perform(step: Step, done: dict[str, Outcome]) -> Outcome:
    failed = [name for name in step.needs if done[name].state == "FAILED"]
    if failed:
        return Outcome("FAILED", told=f"needs {', '.join(failed)}")
    if step.missing:
        return Outcome("left out", told=step.missing)
    environment = dict(step.environment)
    if "build" in done:
        environment["HUBSTREAM_BUILT"] = "1"
    start = time.monotonic()
    said: list[str] = []
    for command in step.commands:
        code, lines = run(command, environment)
        said += lines
        if code == LEFT_OUT:
            return Outcome("left out", time.monotonic() - start, said[-1] if said else "")
        if code != 0:
            told = summary(said) or f"exit code {code}"
            return Outcome("FAILED", time.monotonic() - start, told, said[-LAST_LINES:])
    if step.scenarios and (told := scenarios_left_out(said)):
        return Outcome("FAILED", time.monotonic() - start, told)
    return Outcome("passed", time.monotonic() - start, summary(said))


def main() -> int:
    all_steps = steps()
    # Where the macros of the Node binding note its types; without the folder they warn.
    (TARGET / "napi-types").mkdir(parents=True, exist_ok=True)
    arguments = sys.argv[1:]
    if arguments == ["--list"]:
        print("\n".join(step.name for step in all_steps))
        return 0
    done: dict[str, Outcome] = {}
    for step in chosen(all_steps, arguments):
        print(f"\n=== {step.name} ===", flush=True)
        done[step.name] = perform(step, done)
        if not done[step.name].seconds:
            print(done[step.name].told, flush=True)
    width = max(len(name) for name in done)
    print("\n=== summary ===")
    for name, outcome in done.items():
        print(f"{name:<{width}}  {outcome.state:<8}  {outcome.seconds:6.1f} s  {outcome.told}".rstrip())
    failed = [name for name, outcome in done.items() if outcome.state == "FAILED"]
    for name in failed:
        for line in done[name].last:
            print(f"{name}: {line}")
    total = sum(outcome.seconds for outcome in done.values())
    print(f"{len(done) - len(failed)} of {len(done)} steps succeeded in {total / 60:.1f} minutes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
