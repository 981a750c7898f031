"""embed on the command line: what it refuses, what it leaves behind when the disk is full, and how much memory it takes."""

import json
import resource
import signal
import subprocess
import time

import numpy
import pytest
import rasterio

from conftest import PROGRAM, WRONG_USAGE, refusal_of, result_of

@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """An untrained nano model for Sentinel-2-like scenes."""
    run = tmp_path_factory.mktemp("model") / "run"
    result_of("pretrain", "--preset", "nano", "--data", "synth:2", "-o", run, "--set", "train.steps=0")
    return run / "model"


def write_scene(path, side, valid_side, bands=10, dtype="uint16", nodata=65535, pixel_m=10):
    """Noise in the upper left square of `valid_side` pixels, nodata elsewhere (not stored, so quickly made)."""
    layout = {"driver": "GTiff", "width": side, "height": side, "count": bands, "dtype": dtype, "nodata": nodata,
              "crs": "EPSG:32631", "transform": rasterio.transform.from_origin(500000, 5600000, pixel_m, pixel_m)}
    generator = numpy.random.default_rng(3)
    with rasterio.open(path, "w", tiled=True, sparse_ok=True, **layout) as raster:
        window = rasterio.windows.Window(0, 0, valid_side, valid_side)
        low, high = (1, 250) if dtype == "uint8" else (200, 3000)
        raster.write(generator.integers(low, high, (bands, valid_side, valid_side)).astype(dtype), window=window)
    return path


@pytest.fixture
def scene(folder):
    return write_scene(folder / "scene.tif", 64, 64)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_missing_model_is_named(folder, scene):
    assert "no_model" in refusal_of("embed", "--model", folder / "no_model", scene, "-o", folder / "f.tif")
    assert names_in(folder) == ["scene.tif"]


def test_nearest_without_points_is_wrong_usage(folder, scene):
    message = refusal_of("embed", "--model", folder, scene, "-o", folder / "f.tif", "--nearest", 3, code=WRONG_USAGE)
    assert "--at" in message


@pytest.mark.parametrize("spoil, words", [
    (lambda path: path.unlink(), ["scene.tif"]),
    (lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), ["scene.tif", "cannot be read"]),
    (lambda path: write_scene(path, 64, 64, bands=4), ["scene.tif", "band"]),
    (lambda path: write_scene(path, 64, 0), ["scene.tif", "valid"]),
], ids=["missing", "truncated", "wrong band count", "all nodata"])
def test_what_cannot_be_mapped_is_refused_and_leaves_nothing(folder, model, scene, spoil, words):
    spoil(scene)
    before = names_in(folder)
    message = refusal_of("embed", "--model", model, "--ms", scene, "-o", folder / "f.tif")
    assert all(word in message for word in words), message
    assert names_in(folder) == before


def wait_for_records(journal):
    waited = time.monotonic() + 60
    while time.monotonic() < waited and not (journal.exists() and journal.stat().st_size > 20_000):
        time.sleep(0.002)
    time.sleep(0.05)  # a record that is half written would be lost, and be the only one


def kill_on_the_way(*arguments, journal):
    """Runs the program and kills it once its journal holds a record."""
    process = subprocess.Popen([PROGRAM, *map(str, arguments)], stderr=subprocess.PIPE)
    wait_for_records(journal)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()


def limit_files_to(size):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write beyond the limit fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def test_a_full_disk_leaves_the_earlier_map(folder, model, scene):
    output = folder / "f.tif"
    result_of("embed", "--model", model, "--ms", scene, "-o", output)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    message = refusal_of("embed", "--model", model, "--ms", scene, "-o", output, "--overwrite", preexec_fn=limit_files_to(20_000))
    assert message.startswith(f"{output}: cannot be written") and "free space" in message
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_memory_does_not_grow_with_the_scene(folder, model):
    """The same aerial ground in a raster of 25 times the area: its batches without a valid pixel cost no computing."""
    contract = json.loads((model / "contract.json").read_text())["sensors"]["hr"]
    layout = {"bands": len(contract["bands"]), "dtype": "uint8", "nodata": 0, "pixel_m": contract["gsd_m"]}
    peaks = []
    for side in (2000, 10000):
        scene = write_scene(folder / f"scene_{side}.tif", side, 2000, **layout)
        result = result_of("embed", "--model", model, "--hr", scene, "-o", folder / f"f_{side}.tif", "--threads", 1)
        peaks.append(result["peak_memory_bytes"])
    assert peaks[1] < 1.1 * peaks[0], peaks
