"""probe on the command line: class folders of images, with an untrained model."""

import json
import os
import pathlib

import numpy
import pytest
import rasterio
from PIL import Image

from conftest import WRONG_USAGE, refusal_of, result_of, run

DATA = pathlib.Path(os.environ.get("SKYSENSE_TEST_DATA", "absent"))
COLOURS = {"field": (70, 140, 50), "roof": (150, 80, 70), "water": (20, 50, 90)}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "run"
    result_of("pretrain", "--preset", "nano", "--data", "synth:4", "-o", out, "--set", "train.steps=0")
    return out


@pytest.fixture
def images(folder):
    """Three classes of twelve noisy pictures, told apart by their colour."""
    random = numpy.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / "images" / name).mkdir(parents=True)
        for number in range(12):
            pixels = numpy.array(colour) + random.normal(0, 12, (48, 48, 3))
            Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(folder / "images" / name / f"{name}_{number}.png")
    return folder / "images"


def probe(model, images, *arguments):
    return result_of("probe", "--model", model, "--data", images, *arguments)


def test_reports_every_figure_and_a_picture(model, images, folder):
    out = folder / "out"
    result = probe(model, images, "--method", "knn", "--baseline", "all", "-o", out)
    assert result["classes"] == list(COLOURS)
    assert result["train_samples"] + result["test_samples"] == 36
    confusion = numpy.array(result["confusion"])
    assert confusion.sum() == result["test_samples"]
    assert result["oa"] == pytest.approx(confusion.trace() / confusion.sum())
    assert [row["samples"] for row in result["per_class"]] == confusion.sum(1).tolist()
    for baseline in ("untrained", "pixel_statistics"):
        figures = result["baselines"][baseline]
        assert figures["gain"] == pytest.approx(result["oa"] - figures["oa"])
    assert result["baselines"]["pixel_statistics"]["oa"] == 1  # colour tells the classes apart
    assert json.loads((out / "probe.json").read_text()) == result
    assert Image.open(out / "confusion.png").mode == "RGB"


@pytest.mark.parametrize("method", ["knn", "linear"])
def test_gives_the_same_figures_every_time(model, images, method):
    first, second = (probe(model, images, "--method", method, "--threads", threads) for threads in (1, 1))
    first.pop("seconds_encoding"), second.pop("seconds_encoding")
    assert first == second


def test_both_methods_at_once_are_the_two_alone(model, images):
    both = probe(model, images, "--method", "both", "--baseline", "all")
    for method in ("knn", "linear"):
        alone = probe(model, images, "--method", method, "--baseline", "all")
        assert both[method] == {key: alone[key] for key in both[method]}
    assert both["test_samples"] == alone["test_samples"] and "oa" not in both


def test_a_test_folder_replaces_the_split(model, images):
    result = probe(model, images, "--test", images)
    assert result["train_samples"] == result["test_samples"] == 36
    assert probe(model, images, "--test", images, "-k", "1")["oa"] == 1  # each sample is its own neighbour


def test_fused_features_are_the_fusion_encoders(model, images):
    assert probe(model, images, "--modality", "fused")["modality"] == "fused"


def test_an_unreadable_image_is_named_and_skipped_or_fatal(model, images):
    cut = images / "roof" / "roof_3.png"
    cut.write_bytes(cut.read_bytes()[:200])
    done = run("probe", "--model", model, "--data", images)
    assert done.returncode == 0 and "roof_3.png" in done.stderr
    assert json.loads(done.stdout)["skipped"] == 1
    assert "roof_3.png" in refusal_of("probe", "--model", model, "--data", images, "--strict")


def with_classes(folder, names):
    for name in names:
        (folder / name).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(folder / name / "1.png")
    return folder


def test_refusals(model, images, folder):
    out = folder / "out"

    def refusal(data, *arguments):
        return refusal_of("probe", "--model", model, "--data", data, "-o", out, *arguments)

    (images / "empty").mkdir()
    assert "empty: class folder without an image" in refusal(images)
    (images / "empty").rmdir()
    assert "no such folder" in refusal(folder / "absent")
    (folder / "one").mkdir()
    images.joinpath("water").rename(folder / "one" / "water")
    assert "the one subfolder water" in refusal(folder / "one")
    (images / "field").rename(images / "meadow")
    assert "other classes" in refusal(images, "--test", with_classes(folder / "two", ["field", "roof"]))
    assert "--test-share" in refusal(images, "--test-share", 0)
    assert "no_model" in refusal_of("probe", "--model", folder / "no_model", "--data", images)
    assert "sentinel2" in refusal_of("probe", "--model", model, "--data", images, "--sensor", "sentinel2", code=WRONG_USAGE)
    assert not out.exists()


def test_multispectral_class_folders_are_read_by_their_sensor(model, folder):
    """Ten bands of DN, two classes by their near infrared."""
    random = numpy.random.default_rng(1)
    for name, infrared in (("bare", 1500), ("green", 4500)):
        (folder / "ms" / name).mkdir(parents=True)
        for number in range(6):
            values = random.normal(1200, 100, (10, 24, 24))
            values[6:8] = random.normal(infrared, 100, (2, 24, 24))
            with rasterio.open(folder / "ms" / name / f"{number}.tif", "w", driver="GTiff", width=24, height=24, count=10, dtype="uint16",
                               crs="EPSG:32631", transform=rasterio.transform.from_origin(500000, 5600000, 10, 10)) as raster:
                raster.write(values.astype("uint16"))
    result = probe(model, folder / "ms", "--sensor", "sentinel2-l2a", "--baseline", "pixels", "-k", 3)
    assert result["modality"] == "ms" and result["skipped"] == 0
    assert result["baselines"]["pixel_statistics"]["oa"] == 1


def test_an_index_names_its_classes(model, folder):
    world = result_of("synth", "-o", folder / "world", "--places", 24, "--test-places", 12, "--size", 16, "--no-hr",
                      "--ms-dates", 1, "--sar-dates", 0)
    result = probe(model, folder / "world", "--test", folder / "world" / "test", "--modality", "ms", "-k", 3)
    assert result["classes"] == world["classes"]


@pytest.mark.skipif(not (DATA / "aid_150").is_dir(), reason="real imagery is not here")
def test_real_scene_classes(model):
    result = probe(model, DATA / "aid_150", "--method", "knn", "--baseline", "pixels")
    assert len(result["classes"]) == 30 and result["train_samples"] + result["test_samples"] == 1500
    assert result["baselines"]["pixel_statistics"]["oa"] > 0.2  # chance is 0.033
    assert result["oa"] > 0.1
