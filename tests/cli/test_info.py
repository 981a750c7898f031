"""skysense info: counts beside the paper's, costs, and the tensors of a checkpoint."""

import pytest
from conftest import WRONG_USAGE, refusal_of, result_of, run

PRESETS = ("nano", "tiny", "small", "base", "v2-dense", "v2")


def test_every_preset_is_larger_and_dearer_than_the_one_before():
    results = [result_of("info", "--preset", preset) for preset in PRESETS]
    for smaller, larger in zip(results, results[1:]):
        assert larger["parameters"] > smaller["parameters"]
        assert larger["macs"] >= smaller["macs"]
        assert larger["flops"] == 2 * larger["macs"]
        assert larger["memory_bytes"] > smaller["memory_bytes"]
    assert results[-1]["activated_parameters"] < results[-1]["parameters"] / 2
    assert results[0]["activated_parameters"] == results[0]["parameters"]


def test_v2_is_beside_tables_9_and_14():
    for preset in ("v2", "v2-dense"):
        result = result_of("info", "--preset", preset, "--paper")
        modules = {module["name"]: module for module in result["modules"]}
        assert set(modules) == {"tokenizers.hr", "tokenizers.ms", "tokenizers.sar", "backbone", "prompts", "fusion", "others"}
        for module in modules.values():
            assert abs(module["difference_percent"]) <= 0.3, module
        for module in (modules["backbone"], modules["fusion"], modules["others"]):
            assert sum(part["parameters"] for part in module["parts"]) == module["parameters"]
        assert result["total"]["parameters"] == sum(module["parameters"] for module in result["modules"])
        assert abs(result["total"]["difference_percent"]) <= 0.1
        assert [row["experts"] for row in result["table14"]] == [4, 8, 16]
        for row in result["table14"]:
            assert abs(row["difference_percent"]) <= 0.1, row
        if preset == "v2":
            assert abs(result["pretraining_sample"]["difference_percent"]) < 3


def test_the_table_is_human_text_and_json_silences_it():
    assert "fusion" in run("info", "--preset", "v2", "--paper").stderr
    assert run("info", "--preset", "v2", "--json").stderr == ""


def test_cost_follows_the_inputs_given():
    one = result_of("info", "--preset", "nano", "--ms", "16")
    four = result_of("info", "--preset", "nano", "--ms", "16x4")
    assert set(one["input"]) == {"ms"}
    assert four["macs_by_part"]["backbone.ms"] == 4 * one["macs_by_part"]["backbone.ms"]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--preset", "nano", "--model", "x"),
        ("--preset", "nanno"),
        ("--preset", "nano", "--paper"),
        ("--preset", "nano", "--ms", "16y4"),
        ("--preset", "nano", "--ms", "3"),
        ("--preset", "nano", "--ms", "16x0"),
        ("--preset", "nano", "--ms", "16x4x2"),
    ],
)
def test_wrong_usage_is_refused(arguments):
    refusal_of("info", *arguments, code=WRONG_USAGE)


def test_a_checkpoint_is_counted_and_one_that_does_not_fit_its_config_is_refused(folder):
    result_of("pretrain", "--preset", "nano", "--data", "synth:4", "-o", folder / "run", "--set", "train.steps=0")
    counted = result_of("info", "--model", folder / "run")
    preset = result_of("info", "--preset", "nano")
    counts = {module["name"]: module["parameters"] for module in counted["modules"]}
    for module in preset["modules"]:
        if not module["name"].startswith("tokenizers."):
            assert counts[module["name"]] == module["parameters"]
    assert counted["step"] == 0

    config = next((folder / "run" / "checkpoints").glob("step-*")) / "config.yaml"
    text = config.read_text()
    assert "fusion_layers: 2" in text
    config.write_text(text.replace("fusion_layers: 2", "fusion_layers: 3"))
    assert "fusion has" in refusal_of("info", "--model", folder / "run")
