"""Places as labelled data: what `synth` writes is what the world renders; samples for other programs, and their pictures."""

import json

import numpy
import pytest
from PIL import Image
from safetensors import safe_open

from conftest import WRONG_USAGE, refusal_of, result_of

TUNING = """
data: {reader: places-landcover, modalities: [ms], dates: {ms: 1}}
task: {head: upernet, channels: 8, auxiliary: false, norm: group}
train: {steps: 2, batch_size: 2, warmup_steps: 1, checkpoint_every: 2}
eval: {every: 0, resamples: 10}
threads: 1
"""
WORLD = "synth:4,val=2,test=3,seed=6,size=8,hr=4,ms=3,sar=2"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The same places as files."""
    folder = tmp_path_factory.mktemp("places") / "world"
    result_of("synth", "-o", folder, "--seed", 6, "--places", 4, "--val-places", 2, "--test-places", 3, "--size", 8, "--hr-per-cell", 4,
              "--ms-dates", 3, "--sar-dates", 2, "--labels", "hr_cover,crops,changes,months")
    return folder


def samples_of(folder, name, data, *options):
    file = folder / "samples.safetensors"
    result = result_of("datasets", "export", name, data, "-o", file, *options)
    with safe_open(file, "np") as tensors:
        return result, {key: tensors.get_tensor(key) for key in tensors.keys()}, tensors.metadata()


@pytest.mark.parametrize("reader", ["places-class", "places-covers", "places-landcover", "places-hr-landcover", "places-change", "places-semantic-change",
                                    "places-months"])
def test_files_and_world_give_the_same_samples(folder, written, reader):
    _, stored, described = samples_of(folder, reader, written, "--split", "test")
    _, rendered, _ = samples_of(folder, reader, WORLD, "--split", "test")
    assert json.loads(described["ids"]) == ["test-000000", "test-000001", "test-000002"]
    assert stored.keys() == rendered.keys()
    for name, values in rendered.items():
        assert values.shape == stored[name].shape, name
        if name.endswith(".values"):  # stored digital numbers are exact, dB of radar too
            numpy.testing.assert_allclose(stored[name], values, atol=1e-6, err_msg=name)
        else:
            numpy.testing.assert_array_equal(stored[name], values, err_msg=name)


@pytest.mark.parametrize("kind", ["tensors", "geotiff"])
def test_shards_are_labelled_data_as_the_files_they_hold(folder, written, kind):
    shards = folder / kind
    for split in ("", "test"):
        result_of("index", written / split, "--to-shards", kind, "-o", shards / split)
    assert (shards / "test" / "shards.json").exists() and (shards / "index.jsonl").exists() == (kind == "geotiff")
    for reader, split, count in (("places-class", "test", 3), ("places-covers", "train", 4), ("places-landcover", "test", 3)):
        _, stored, known = samples_of(folder, reader, written, "--split", split)
        _, packed, described = samples_of(folder, reader, shards, "--split", split)
        assert packed.keys() == stored.keys() and len(packed["label"]) == count
        assert described["class_names"] == known["class_names"] and described["contract"] == known["contract"]
        for name, values in stored.items():
            numpy.testing.assert_array_equal(packed[name], values, err_msg=f"{reader} {name}")
    # Labels beside the index are no part of a shard.
    assert "labels.jsonl" in refusal_of("datasets", "check", "places-crops", shards)


def test_a_model_is_tuned_alike_on_files_and_tensor_shards(folder, written):
    for split in ("", "test"):
        result_of("index", written / split, "--to-shards", "tensors", "-o", folder / "shards" / split)
    (folder / "recipe.yaml").write_text(TUNING)
    tuned, measured = [], []
    for name, data in (("files", written), ("tensors", folder / "shards")):
        run = folder / name
        result_of("finetune", "--recipe", folder / "recipe.yaml", "--data", data, "--model", "random:nano", "-o", run)
        tuned.append((run / "model" / "teacher.safetensors").read_bytes())
        measured.append(result_of("evaluate", "--model", run, "--data", data)["confusion"])
    assert tuned[0] == tuned[1] and measured[0] == measured[1]
    assert sum(measured[0]) == 3 * 8 * 8


def test_crops_are_those_of_row_crop_scenes(folder):
    """Rendered as they are asked for, and written with --scenes."""
    result_of("synth", "-o", folder / "world", "--places", 1, "--test-places", 2, "--size", 8, "--no-hr", "--ms-dates", 2, "--sar-dates", 1,
              "--labels", "crops", "--scenes", "row_crops")
    _, stored, described = samples_of(folder, "places-crops", folder / "world", "--split", "test")
    _, rendered, chosen = samples_of(folder, "places-crops", "synth:1,test=2,size=8,ms=2,sar=1", "--split", "test", "--modality", "ms")
    ids = json.loads(chosen["ids"])
    assert ids == json.loads(described["ids"]) == ["test-000000", "test-000001"]
    for name, values in rendered.items():
        numpy.testing.assert_allclose(stored[name], values, atol=1e-6, err_msg=name)
    assert (rendered["label"] >= 0).mean() > 0.3  # hardly another scene has a field


def test_check_counts_the_worlds_splits(folder):
    result = result_of("datasets", "check", "places-landcover", WORLD)
    assert {name: split["samples"] for name, split in result["splits"].items()} == {"train": 4, "val": 2, "test": 3}
    assert result["unreadable"] == result["missing_files"] == 0
    assert sum(result["splits"]["train"]["classes"].values()) == 4 * 64
    assert "'size'" in refusal_of("datasets", "check", "places-landcover", "synth:4,sise=3", code=WRONG_USAGE)
    few = result_of("datasets", "check", "places-class", "synth:4,scenes=harbour+dunes")
    assert {name: places for name, places in few["splits"]["train"]["classes"].items() if places} == {"harbour": 2, "dunes": 2}
    assert "'harbor' is no scene class" in refusal_of("datasets", "check", "places-class", "synth:4,scenes=dunes+harbor", code=WRONG_USAGE)
    assert "dunes is named twice" in refusal_of("synth", "-o", folder / "twice", "--scenes", "dunes+dunes", code=WRONG_USAGE)


def test_export_takes_a_share_and_some_dates(folder):
    world = "synth:20,size=8,hr=2,ms=5"
    result, tensors, described = samples_of(folder, "places-crops", world, "--fraction", 0.2, "--modality", "ms", "--ms-images", 2)
    assert set(tensors) == {"ms.values", "ms.valid", "ms.present", "ms.days", "label"}
    assert tensors["ms.values"].shape[1:] == (2, 10, 8, 8)
    assert 1 <= result["samples"] < 20 and described["label_kind"] == "mask"


def test_a_sample_is_drawn_with_its_label_in_its_colours(folder, written):
    result = result_of("visualize", "sample", "--dataset", "places-landcover", "--data", WORLD, "--name", "test-000001", "--cell", 64,
                       "-o", folder / "place.png")
    assert result["split"] == "test" and result["classes"]
    picture = numpy.asarray(Image.open(folder / "place.png").convert("RGB"))
    _, tensors, described = samples_of(folder, "places-landcover", WORLD, "--split", "test")
    colours = {"water": (64, 128, 192), "trees": (34, 102, 51), "grass": (150, 200, 90), "crops": (235, 205, 80), "bare": (190, 160, 130),
               "building": (205, 60, 50), "paved": (105, 105, 115), "wetland": (90, 170, 165)}
    names = json.loads(described["class_names"])
    # Six pictures a row: the label comes after the images, its 8 pixels magnified to 64.
    row, column = divmod(result["images"], 6)
    top, left = 16 + row * (64 + 24), 16 + column * (64 + 8)
    for y in range(8):
        for x in range(8):
            wanted = colours[names[tensors["label"][1][y, x]]]
            assert tuple(picture[top + 8 * y + 4, left + 8 * x + 4]) == wanted, (x, y)


def test_scenes_and_change_are_drawn_too_and_wrong_samples_refused(folder):
    scene = result_of("visualize", "sample", "--dataset", "places-class", "--data", WORLD, "-o", folder / "scene.png")
    assert len(scene["classes"]) == 1 and (folder / "scene.png").read_bytes().startswith(b"\x89PNG")
    change = result_of("visualize", "sample", "--dataset", "places-change", "--data", WORLD, "-o", folder / "change.png")
    assert change["images"] == 2
    arguments = ("visualize", "sample", "--dataset", "places-class", "--data", WORLD, "-o", folder / "none.png")
    assert "samples 0 to 8" in refusal_of(*arguments, "--number", 9, code=WRONG_USAGE)
    assert "no such sample" in refusal_of(*arguments, "--name", "elsewhere", code=WRONG_USAGE)


def test_objects_of_files_and_world_are_the_same(folder):
    world = "size=12,hr=10,ms=1,sar=1"
    result_of("synth", "-o", folder / "world", "--places", 3, "--seed", 1, "--size", 12, "--hr-per-cell", 10, "--ms-dates", 1, "--sar-dates", 1,
              "--labels", "boxes")
    _, stored, described = samples_of(folder, "places-objects", folder / "world", "--train-share", 1)
    _, rendered, _ = samples_of(folder, "places-objects", f"synth:3,val=0,test=0,{world}")
    assert described["label_kind"] == "boxes" and stored["objects.classes"].max() >= 0
    numpy.testing.assert_array_equal(stored["objects.classes"], rendered["objects.classes"])
    numpy.testing.assert_array_equal(stored["objects.ignored"], rendered["objects.ignored"])
    numpy.testing.assert_allclose(stored["objects.boxes"][..., :4], rendered["objects.boxes"][..., :4], atol=0.05)  # hundredths of a pixel in the files
