"""`skysense datasets`: the list, and checks of generated folders in published layouts."""

import pathlib

import numpy
import pytest
from PIL import Image

from conftest import WRONG_USAGE, refusal_of, result_of
from parity import dataset_files, object_files
from test_recipes import LAYOUTS


@pytest.fixture
def random():
    return numpy.random.default_rng(5)


def test_list_names_every_reader():
    names = [reader["name"] for reader in result_of("datasets", "list")["datasets"]]
    assert len(names) == len(set(names)) >= 25
    assert {"aid", "bigearthnet-mm", "levir-cd", "pastis-mm", "vector-labels"} <= set(names)


def test_check_counts_splits_and_classes_and_gives_band_ranges(folder, random):
    dataset_files.loveda(folder / "loveda", random)
    result = result_of("datasets", "check", "loveda", folder / "loveda")
    assert {name: split["samples"] for name, split in result["splits"].items()} == {"train": 4, "val": 4, "test": 4}
    assert result["splits"]["test"]["unlabelled"] == 4
    train = result["splits"]["train"]
    assert sum(train["classes"].values()) + train["ignored_pixels"] == 4 * 16 * 16
    assert [band["band"] for band in result["bands"]] == ["hr red", "hr green", "hr blue"]
    assert all(0 < band["mean"] < band["maximum"] <= 1 for band in result["bands"])
    assert result["missing_files"] == result["unreadable"] == 0


def test_samples_of_a_choice_are_listed_with_their_files(folder, random):
    dataset_files.class_folders(folder, random, ["Airport", "Pond"], ".png", images=10)
    listed = {split: result_of("datasets", "samples", "aid", folder, "--split", split)["samples"] for split in ("train", "test")}
    names = {split: {sample["name"] for sample in samples} for split, samples in listed.items()}
    assert not names["train"] & names["test"] and len(names["train"] | names["test"]) == 20
    assert all(pathlib.Path(sample["files"][0]).is_file() and sample["split"] == split for split, samples in listed.items() for sample in samples)
    few = result_of("datasets", "samples", "aid", folder, "--shots", 2)["samples"]
    assert sorted(sample["name"].split("/")[0] for sample in few) == ["Airport", "Airport", "Pond", "Pond"]
    assert {sample["name"] for sample in few} <= names["train"]


def test_check_names_missing_files_and_bad_labels(folder, random):
    dataset_files.levir_cd(folder, random)
    (folder / "B" / "train_1.png").unlink()
    dataset_files.save_picture(folder / "label" / "val_1.png", numpy.full((16, 16), 7, dtype="uint8"))
    result = result_of("datasets", "check", "levir-cd", folder)
    assert result["missing_files"] == 1 and result["missing"][0].endswith("B/train_1.png")
    assert result["unreadable"] == 1 and "label value 7" in result["problems"][0]


def test_check_reads_series_of_several_sensors_by_fold(folder, random):
    dataset_files.pastis(folder / "PASTIS-R", random)
    result = result_of("datasets", "check", "pastis-r", folder, "--fold", 2)
    assert result["splits"]["test"]["samples"] == 1 and result["splits"]["train"]["samples"] == 3
    assert {band["band"].split()[0] for band in result["bands"]} == {"ms", "sar"}


def test_refuses_unknown_names_and_other_layouts(folder):
    assert "levir-cd" in refusal_of("datasets", "check", "levir", folder, code=WRONG_USAGE)
    assert "expected LoveDA" in refusal_of("datasets", "check", "loveda", folder)
    assert "no such folder" in refusal_of("datasets", "check", "aid", folder / "gone")


def test_check_counts_objects_and_names_what_was_left_out(folder, random):
    object_files.dota(folder, random)
    file = folder / "train" / "annotations" / "version2.0" / "P0002.txt"
    file.write_text(file.read_text() + "1 1 nan 1 3 3 1 3 plane 0\n1 1 5 1 5 5 1 5 plain 0\n")
    result = result_of("datasets", "check", "dota-v2.0", folder)
    assert result["label"] == "boxes" and result["splits"]["train"]["classes"]["plane"] == 1
    assert result["splits"]["train"]["ignored_objects"] == 1 and result["left_out"] == 2
    assert "P0002.txt:7: " in result["problems"][0] and "did you mean 'plane'?" in result["problems"][1]
    strict = result_of("datasets", "check", "dota-v2.0", folder, "--strict")
    assert strict["unreadable"] == 1 and "P0002.txt:7: " in strict["problems"][0]


def test_a_picture_of_a_sample_has_its_boxes(folder, random):
    object_files.dota(folder / "data", random)
    result = result_of("visualize", "sample", "--dataset", "dota-v2.0", "--data", folder / "data", "-o", folder / "a.png")
    assert result["classes"] == ["plane", "harbor", "swimming-pool", "helipad"] and (folder / "a.png").stat().st_size > 1000


@pytest.mark.parametrize("reader", LAYOUTS)
def test_a_sample_of_every_layout_is_drawn_with_its_legend(reader, folder, random):
    data = LAYOUTS[reader]
    if not isinstance(data, str):
        (folder / "data").mkdir()
        data, _ = folder / "data", data(folder / "data", random)
    attribute = ["--attribute", "kind"] if reader in ("vector-labels", "image-boxes") else []
    result = result_of("visualize", "sample", "--dataset", reader, "--data", data, "-o", folder / "sample.png", "--cell", 64, *attribute)
    assert result["images"] > 0 and result["name"] and result["split"] in ("train", "val", "test")
    assert result["classes"], "the legend names what the label shows"
    sheet = numpy.array(Image.open(folder / "sample.png").convert("RGB"))
    assert sheet.shape[0] > 64 and sheet.shape[1] > 64
    assert len(numpy.unique(sheet.reshape(-1, 3), axis=0)) > 50
