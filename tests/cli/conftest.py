"""The program as its users run it: $SKYSENSE_PROGRAM in a subprocess."""

import json
import os
import pathlib
import subprocess

import pytest

PROGRAM = os.environ["SKYSENSE_PROGRAM"]
DONE, FAILED, WRONG_USAGE = 0, 1, 2


def run(*arguments, timeout=600, **options):
    """Runs the program; its output is captured as text."""
    words = [PROGRAM, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=timeout, **options)


def result_of(*arguments, **options):
    """The verb's result: it must exit 0 with exactly one line of JSON on stdout."""
    done = run(*arguments, **options)
    assert done.returncode == DONE, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 1, f"stdout has {len(lines)} lines: {done.stdout!r}"
    return json.loads(lines[0])


def refusal_of(*arguments, code=FAILED, **options):
    """The one line `error: ...` of a refused command, without the word; nothing may stand on stdout."""
    done = run(*arguments, **options)
    assert done.returncode == code, f"exit code {done.returncode}: {done.stdout}{done.stderr}"
    assert done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert done.stderr.splitlines()[-1] == errors[0], "the error is the last line"
    return errors[0].removeprefix("error: ")


def verbs():
    """The verbs that this build of the program has, as its help lists them."""
    lines = run("--help").stdout.splitlines()
    start = next(i for i, line in enumerate(lines) if line.lower().startswith("subcommands"))
    return [line.split()[0] for line in lines[start + 1 :] if line.startswith("  ") and not line.startswith("   ")]


@pytest.fixture
def folder(tmp_path) -> pathlib.Path:
    return tmp_path
