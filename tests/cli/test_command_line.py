"""What every verb shares: exit codes, help, one JSON line, one line of error."""

import pytest

from conftest import DONE, WRONG_USAGE, refusal_of, run, verbs


def test_help_lists_the_verbs_and_exits_with_0():
    done = run("--help")
    assert done.returncode == DONE
    assert "info" in verbs()


@pytest.mark.parametrize("verb", verbs())
def test_the_help_of_every_verb_has_an_example(verb):
    done = run(verb, "--help")
    assert done.returncode == DONE
    _, word, example = done.stdout.partition("\nExample")
    assert word and f"skysense {verb}" in example, done.stdout


def test_an_unknown_verb_names_the_nearest():
    assert "did you mean 'info'" in refusal_of("inof", code=WRONG_USAGE)
    assert "did you mean 'info'" in refusal_of("-q", "inof", code=WRONG_USAGE)


def test_no_verb_is_wrong_usage():
    refusal_of(code=WRONG_USAGE)


def test_an_unknown_option_is_wrong_usage():
    assert "--colour" in refusal_of("info", "--colour", code=WRONG_USAGE)


def test_the_version_is_printed():
    done = run("--version")
    assert done.returncode == DONE and done.stdout.startswith("skysense ")
