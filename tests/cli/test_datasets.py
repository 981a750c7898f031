"""`skysense datasets`: the list, and checks of generated folders in published layouts."""

import numpy
import pytest

from conftest import WRONG_USAGE, refusal_of, result_of
from parity import dataset_files


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
