"""A damaged checkpoint is refused by whatever takes --model, with one line that names what is wrong."""

import pathlib
import re
import shutil

import numpy
import pytest
from conftest import refusal_of, result_of
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "formats.md"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    run = tmp_path_factory.mktemp("run")
    result_of("pretrain", "--preset", "nano", "--data", "synth:2", "-o", run / "run", "--set", "train.steps=0", "--set", "train.batch_size=2")
    return (run / "run" / "model").resolve()


@pytest.fixture
def copy(checkpoint, tmp_path):
    return pathlib.Path(shutil.copytree(checkpoint, tmp_path / "model"))


def test_info_counts_its_tensors(checkpoint):
    assert result_of("info", "--model", checkpoint, "--json")


def test_a_missing_model_is_named(tmp_path):
    assert "absent" in refusal_of("info", "--model", tmp_path / "absent")


@pytest.mark.parametrize("name", ["config.yaml", "contract.json", "teacher.safetensors"])
def test_a_missing_part_is_named(copy, name):
    (copy / name).unlink()
    assert name in refusal_of("info", "--model", copy)


def test_weights_cut_short_are_refused(copy):
    weights = copy / "teacher.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    message = refusal_of("info", "--model", copy)
    assert "teacher.safetensors" in message and "were written" in message


def test_a_changed_shape_is_refused_with_both_shapes(copy):
    weights = copy / "teacher.safetensors"
    with safe_open(weights, "numpy") as file:
        metadata = file.metadata()
    tensors = load_file(weights)
    # Turned on its side it has as many bytes, so that only the shape gives it away.
    name = next(n for n, t in tensors.items() if n.startswith("backbone") and t.ndim == 2 and t.shape[0] > t.shape[1] > 9)
    old = tensors[name].shape
    tensors[name] = numpy.ascontiguousarray(tensors[name].T)
    save_file(tensors, weights, metadata)
    # The model is read before the scene, which therefore need not exist.
    message = refusal_of("embed", "--model", copy, copy / "no.tif", "-o", copy / "out.tif")
    assert name in message and f"{old[0]}, {old[1]}" in message and f"{old[1]}, {old[0]}" in message


def test_a_damaged_contract_is_refused(copy):
    (copy / "contract.json").write_text('{"format_version": 1}')
    assert "contract.json" in refusal_of("info", "--model", copy)


def test_every_tensor_is_documented(checkpoint):
    """docs/formats.md lists the model's tensors as `name.N.name`; nothing else may stand in the file, and all must."""
    text = DOCUMENT.read_text()
    table = text[text.index("### Tensor names") : text.index("## Run folder")]
    patterns = {p: re.compile(re.escape(p).replace("N", r"\d+").replace("M", "(hr|ms|sar|fused|query)") + "$") for p in re.findall(r"^\| `([^`]+)`", table, re.M)}
    names = list(load_file(checkpoint / "teacher.safetensors"))
    unknown = [name for name in names if not any(p.match(name) for p in patterns.values())]
    assert not unknown, unknown
    unused = [p for p, compiled in patterns.items() if not any(compiled.match(name) for name in names)]
    optional = [p for p in unused if "experts" in p or "gate" in p or p.startswith("backbones.")]  # with experts, with a backbone a modality
    assert unused == optional, unused
