"""predict and change on the command line: maps that line up with their input, areas, what they refuse and survive."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import xml.etree.ElementTree
import zipfile

import numpy
import pyogrio
import pyproj
import pystac
import pytest
import rasterio
import rasterio.shutil
import shapely

from conftest import PROGRAM, refusal_of, result_of
from task_scenes import CLASSES, models, scene, write_scene  # noqa: F401 (fixtures)
from test_embed import kill_on_the_way, names_in, wait_for_records

DATA = pathlib.Path(os.environ.get("SKYSENSE_TEST_DATA", "/nowhere"))


def classes_of(path):
    with rasterio.open(path) as raster:
        return raster.read(1)


def test_the_map_lines_up_with_the_scene_and_says_what_it_holds(folder, models, scene):
    output = folder / "map.tif"
    result = result_of("predict", "--model", models["ms"], scene, "-o", output, "--probabilities", "--entropy", "--provenance", "--tta", "flips")
    with rasterio.open(scene) as source, rasterio.open(output) as made:
        assert (made.crs, made.transform, made.width, made.height) == (source.crs, source.transform, source.width, source.height)
        assert made.nodata == 255 and made.count == 1 and made.dtypes == ("uint8",)
        assert made.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert json.loads(made.tags()["CLASS_NAMES"]) == CLASSES
        assert len({made.colormap(1)[number] for number in range(len(CLASSES))}) == len(CLASSES)
        classes = made.read(1)
    assert len(numpy.unique(classes)) > 1
    with rasterio.open(folder / "map_probabilities.tif") as shares, rasterio.open(folder / "map_entropy.tif") as entropy:
        assert shares.descriptions == tuple(CLASSES) and set(shares.scales) == {0.004}
        assert shares.transform == entropy.transform
        values, doubt = shares.read() * 0.004, entropy.read(1) * 0.004
    numpy.testing.assert_allclose(values.sum(0), 1, atol=0.0101)  # five roundings to 1/250
    assert (numpy.take_along_axis(values, classes[None].astype(int), 0)[0] >= values.max(0) - 0.0041).all()
    known = -numpy.where(values > 0, values * numpy.log(values.clip(1e-9)), 0).sum(0) / numpy.log(len(CLASSES))
    numpy.testing.assert_allclose(doubt, known, atol=0.03)
    with rasterio.open(folder / "map_provenance.tif") as images:
        assert images.descriptions == ("ms images",) and (images.read(1) == 1).all()
    assert result["valid_pixels"] == 150 * 130 and result["resumed_pixels"] == 0


def test_the_item_and_the_style_describe_the_map(folder, models, scene):
    result_of("predict", "--model", models["ms"], "--ms", f"{scene}@2024-05-01", "-o", folder / "map.tif", "--polygons")
    item = pystac.Item.from_file(str(folder / "map.json"))
    assert item.datetime.date().isoformat() == "2024-05-01"
    assert set(item.assets) == {"map", "polygons"}
    assert all(pathlib.Path(asset.get_absolute_href()).exists() for asset in item.assets.values())
    assert item.properties["proj:code"] == "EPSG:32631" and item.properties["proj:shape"] == [130, 150]
    assert [entry["title"] for entry in item.assets["map"].extra_fields["classification:classes"][:-1]] == CLASSES
    to_lonlat = pyproj.Transformer.from_crs("EPSG:32631", "EPSG:4326", always_xy=True)
    corner = shapely.Point(to_lonlat.transform(500750, 5599350))
    assert shapely.geometry.shape(item.geometry).contains(corner)
    assert item.properties["skysense:model"] and item.properties["skysense:dataset"] == "random"
    entries = xml.etree.ElementTree.parse(folder / "map.qml").findall("./pipe/rasterrenderer[@type='paletted']/colorPalette/paletteEntry")
    with rasterio.open(folder / "map.tif") as made:
        colours = [made.colormap(1)[number][:3] for number in range(len(CLASSES))]
    assert [(int(entry.get("value")), entry.get("label")) for entry in entries] == list(enumerate(CLASSES))
    assert [tuple(bytes.fromhex(entry.get("color")[1:])) for entry in entries] == colours


def test_float16_is_stored_as_such_and_rounds_what_one_byte_rounds_more(folder, models, scene):
    common = ("--model", models["ms"], scene, "--probabilities", "--entropy")
    result_of("predict", *common, "-o", folder / "half.tif", "--dtype", "float16")
    result_of("predict", *common, "-o", folder / "byte.tif")
    plan = result_of("plan", "predict", *common, "--dtype", "float16")
    assert plan["output_bytes"] == 150 * 130 * (1 + 2 * (len(CLASSES) + 1))
    for layer in ("probabilities", "entropy"):
        with rasterio.open(folder / f"half_{layer}.tif") as half, rasterio.open(folder / f"byte_{layer}.tif") as byte:
            assert set(half.dtypes) == {"float32"} and numpy.isnan(half.nodata)
            assert {half.tags(band, ns="IMAGE_STRUCTURE")["NBITS"] for band in half.indexes} == {"16"}
            assert half.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG" and half.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == "3"
            values = half.read()
            numpy.testing.assert_array_equal(values, values.astype("float16"))
            assert (numpy.abs(values - byte.read() * 0.004) <= 0.0021 + 2**-12).all()
            assert len(numpy.unique(values)) > 300  # more than a byte can tell apart


JP2 = shutil.which("gdalinfo") and subprocess.run(["gdalinfo", "--format", "JP2OpenJPEG"], capture_output=True).returncode == 0


def as_jp2(scene):
    rasterio.shutil.copy(scene, scene.with_suffix(".jp2"), driver="JP2OpenJPEG", QUALITY="100", REVERSIBLE="YES", YCBCR420="NO")
    return scene.with_suffix(".jp2")


def as_vrt(scene):
    rasterio.shutil.copy(scene, scene.with_suffix(".vrt"), driver="VRT")
    return scene.with_suffix(".vrt")


def in_zip(scene):
    with zipfile.ZipFile(scene.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(scene, scene.name)
    scene.unlink()
    return f"/vsizip/{scene.with_suffix('.zip')}/{scene.name}"


@pytest.mark.parametrize("stored", [
    pytest.param(as_jp2, marks=pytest.mark.skipif(not JP2, reason="GDAL here has no JP2OpenJPEG driver, or gdalinfo is missing")),
    as_vrt, in_zip,
], ids=["lossless JP2", "VRT", "/vsizip/"])
def test_the_same_pixels_in_another_format_give_the_same_map(folder, models, scene, stored):
    result_of("predict", "--model", models["ms"], scene, "-o", folder / "tif.tif", "--probabilities")
    result_of("predict", "--model", models["ms"], stored(scene), "-o", folder / "other.tif", "--probabilities")
    for name in ("", "_probabilities"):
        with rasterio.open(folder / f"tif{name}.tif") as wanted, rasterio.open(folder / f"other{name}.tif") as found:
            assert (found.crs, found.transform) == (wanted.crs, wanted.transform)
            numpy.testing.assert_array_equal(found.read(), wanted.read())


def test_dates_say_where_clouds_were(folder, models, scene):
    cloudy = write_scene(folder / "cloudy.tif", seed=4)
    with rasterio.open(cloudy, "r+") as raster:
        values = raster.read()
        values[:, 20:70, 30:90] = 65535
        raster.write(values)
    common = ("--model", models["series"], "--ms", f"{scene}@2024-05-01", f"{cloudy}@2024-07-12")
    result_of("predict", *common, "-o", folder / "map.tif", "--dates", "--provenance")
    with rasterio.open(folder / "map_dates.tif") as made, rasterio.open(folder / "map_provenance.tif") as counts:
        assert made.descriptions == ("ms 2024-05-01", "ms 2024-07-12") and set(made.dtypes) == {"uint8"} and made.nodata is None
        seen = made.read()
        numpy.testing.assert_array_equal(counts.read(1), seen.sum(0))
    wanted = numpy.ones((2, 130, 150), bool)
    wanted[1, 20:70, 30:90] = False
    numpy.testing.assert_array_equal(seen, wanted)
    assert "dates" in pystac.Item.from_file(str(folder / "map.json")).assets
    plan = result_of("plan", "predict", *common, "--dates")
    assert plan["output_bytes"] == 150 * 130 * (1 + 2)


def write_corners(path, height):
    """Data in the first and the last 64 rows, and between them nodata that is not stored."""
    corner = write_scene(path.with_name("corner.tif"), width=600, height=64)
    with rasterio.open(corner) as source:
        layout, values = source.profile | {"height": height, "sparse_ok": True}, source.read()
    with rasterio.open(path, "w", **layout) as raster:
        for row in (0, height - 64):
            raster.write(values, window=rasterio.windows.Window(0, row, 600, 64))
    return path


def test_a_tight_limit_of_memory_is_kept_however_large_the_scene(folder, models):
    peaks = []
    for height in (2000, 6000):
        scene = write_corners(folder / f"scene_{height}.tif", height)
        common = ("predict", "--model", models["ms"], scene, "-o", folder / f"map_{height}.tif", "--probabilities")
        least = int(re.search(r"at least (\d+) MiB is needed", refusal_of(*common, "--max-memory", "1M"))[1])
        limit = (least + 4) << 20  # what the program holds before it plans is not the same to the page every time
        result = result_of(*common, "--max-memory", limit)
        assert result["jobs"] == 1 and result["valid_pixels"] == 2 * 600 * 64
        assert result["peak_memory_bytes"] < limit
        peaks.append(result["peak_memory_bytes"])
    assert peaks[1] < 1.1 * peaks[0], peaks


def test_polygons_cover_exactly_the_pixels(folder, models):
    scene = write_scene(folder / "scene.tif", valid_rows=100)
    result = result_of("predict", "--model", models["ms"], scene, "-o", folder / "map.tif", "--polygons", "--summary")
    table = pyogrio.read_dataframe(folder / "map_polygons.gpkg")
    assert len(table) == result["polygons"] and table.crs == "EPSG:32631"
    areas = table.geometry.area.groupby(table["name"]).sum()
    for entry in result["classes"]:
        assert areas.get(entry["name"], 0) == pytest.approx(entry["pixels"] * 100)
        assert entry["hectares"] == pytest.approx(entry["pixels"] / 100)
    assert sum(entry["pixels"] for entry in result["classes"]) == 150 * 100 == result["valid_pixels"]


def test_areas_in_degrees_are_those_of_the_ellipsoid(folder, models):
    pixel = 0.0005
    scene = write_scene(folder / "scene.tif", width=70, height=60, crs="EPSG:4326", pixel=pixel, left=10, top=59.7)
    result = result_of("predict", "--model", models["ms"], scene, "-o", folder / "map.tif", "--summary")
    classes = classes_of(folder / "map.tif")
    geod = pyproj.Geod(ellps="WGS84")
    # Pixels are so small that their edges are straight for any purpose.
    rows = [abs(geod.polygon_area_perimeter([10, 10 + pixel, 10 + pixel, 10], [y, y, y - pixel, y - pixel])[0])
            for y in 59.7 - pixel * numpy.arange(60)]
    for entry in result["classes"]:
        wanted = sum((classes[row] == entry["class"]).sum() * area for row, area in enumerate(rows)) / 10000
        assert entry["hectares"] == pytest.approx(wanted, rel=1e-6)


def test_quarters_threads_and_memory_give_the_same_map(folder, models, scene):
    model = ("--model", models["ms"], scene, "--probabilities")
    result_of("predict", *model, "-o", folder / "whole.tif", "--threads", 1)
    threads = result_of("predict", *model, "-o", folder / "threads.tif", "--threads", 3)
    assert threads["jobs"] == 3
    plan = result_of("plan", "predict", "--model", models["ms"], scene)
    limit = result_of("predict", *model, "-o", folder / "memory.tif", "--max-memory", plan["memory_bytes"] - 1)
    assert limit["peak_memory_bytes"] < plan["memory_bytes"]
    names = ["", "_probabilities"]
    for name in names:
        with rasterio.open(folder / f"whole{name}.tif") as whole:
            values = whole.read()
        with rasterio.open(folder / f"memory{name}.tif") as raster:
            numpy.testing.assert_array_equal(raster.read(), values)
        with rasterio.open(folder / f"threads{name}.tif") as raster:
            numpy.testing.assert_array_equal(raster.read(), values)
    x, y = 500000 + 710, 5600000 - 660
    for number, box in enumerate([(500000, y, x, 5600000), (x, y, 501500, 5600000), (500000, 5598700, x, y), (x, 5598700, 501500, y)]):
        result_of("predict", *model, "-o", folder / f"part{number}.tif", "--bbox", *box)
        for name in names:
            with rasterio.open(folder / f"whole{name}.tif") as whole, rasterio.open(folder / f"part{number}{name}.tif") as part:
                window = rasterio.windows.from_bounds(*part.bounds, whole.transform)
                numpy.testing.assert_array_equal(part.read(), whole.read(window=window))


def test_other_tiles_agree_for_the_most(folder, models, scene, record_property):
    for name, tile in (("own", 64), ("large", 128)):
        result_of("predict", "--model", models["ms"], scene, "-o", folder / f"{name}.tif", "--tile", tile)
    agreement = (classes_of(folder / "own.tif") == classes_of(folder / "large.tif")).mean()
    record_property("agreement", agreement)
    print(f"tiles of 64 and of 128 pixels agree on {agreement:.1%} of the pixels (random weights)")
    assert agreement > 0.3  # of five classes; a network of random weights hangs on its context


def test_a_killed_run_goes_on_to_the_same_bytes(folder, models):
    scene = write_scene(folder / "scene.tif", width=700, height=530)
    options = ["--model", str(models["ms"]), str(scene), "--threads", "1", "--probabilities", "-q"]
    result_of("predict", *options, "-o", folder / "straight.tif")
    output, journal = folder / "killed.tif", folder / "killed.tif.journal"
    kill_on_the_way("predict", *options, "-o", output, journal=journal)
    assert journal.exists() and not output.exists()
    assert "--resume" in refusal_of("predict", *options, "-o", output)
    result = result_of("predict", *options, "-o", output, "--resume")
    assert 0 < result["resumed_pixels"] < 700 * 530
    for name in ("", "_probabilities"):
        assert (folder / f"killed{name}.tif").read_bytes() == (folder / f"straight{name}.tif").read_bytes()
    assert not [name for name in names_in(folder) if name.startswith(".") or name.endswith(".journal")]


def test_sigterm_leaves_a_journal_that_a_later_run_goes_on_from(folder, models):
    scene = write_scene(folder / "scene.tif", width=700, height=530)
    options = ["predict", "--model", models["ms"], scene, "-o", folder / "map.tif", "--threads", 1]
    journal = folder / "map.tif.journal"
    running = subprocess.Popen([PROGRAM, *map(str, options)], stderr=subprocess.PIPE, text=True)
    wait_for_records(journal)
    running.send_signal(signal.SIGTERM)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGTERM and "--resume" in errors
    assert journal.exists() and names_in(folder) == ["map.tif.journal", "scene.tif"]
    assert 0 < result_of(*options, "--resume")["resumed_pixels"] < 700 * 530
    assert not journal.exists()


def test_change_lies_on_the_earlier_image(folder, models):
    rgb = {"bands": 3, "dtype": "uint8", "pixel": 0.5, "nodata": 0}
    before, after = write_scene(folder / "before.tif", **rgb), write_scene(folder / "after.tif", seed=9, left=500010, **rgb)
    result = result_of("change", "--model", models["change"], before, after, "-o", folder / "change.tif", "--summary")
    with rasterio.open(before) as source, rasterio.open(folder / "change.tif") as made:
        assert (made.crs, made.transform, made.shape) == (source.crs, source.transform, source.shape)
        change = made.read(1)
    assert (change[:, :20] == 255).all() and (change[:, 20:] < 2).all()
    first, second = classes_of(folder / "change_before.tif"), classes_of(folder / "change_after.tif")
    numpy.testing.assert_array_equal(change == 1, first != second)
    assert [entry["name"] for entry in result["classes"]] == ["unchanged", "changed"]
    assert result["classes"][1]["hectares"] == pytest.approx((change == 1).sum() * 0.25 / 10000)


def test_the_plan_names_what_predict_then_takes(folder, models, scene):
    plan = result_of("plan", "predict", "--model", models["ms"], scene, "--probabilities", "--threads", 1)
    result = result_of("predict", "--model", models["ms"], scene, "-o", folder / "map.tif", "--probabilities", "--threads", 1)
    assert plan["tiles"] == result["tiles"] and plan["size"] == result["size"]
    assert result["peak_memory_bytes"] <= plan["memory_bytes"]
    assert plan["output_bytes"] == 150 * 130 * (1 + len(CLASSES))
    assert plan["seconds"] > 0


def test_the_plan_of_change_takes_the_later_image(folder, models):
    rgb = {"bands": 3, "dtype": "uint8", "pixel": 0.5, "nodata": 0}
    before, after = write_scene(folder / "before.tif", **rgb), write_scene(folder / "after.tif", seed=9, **rgb)
    common = ("--model", models["change"], before)
    plan = result_of("plan", "predict", *common, "--after", after, "--threads", 1)
    result = result_of("change", *common, after, "-o", folder / "change.tif", "--threads", 1)
    assert plan["tiles"] == result["tiles"] and plan["size"] == result["size"] == [150, 130]
    assert result["peak_memory_bytes"] <= plan["memory_bytes"] and plan["output_bytes"] == 150 * 130 * 3
    assert "skysense change" in refusal_of("plan", "predict", *common)


@pytest.mark.skipif(not (DATA / "terramind_s1s2").is_dir(), reason="needs the real imagery of $SKYSENSE_TEST_DATA")
def test_a_real_scene_gives_a_map_that_lines_up(folder, models):
    source = sorted((DATA / "terramind_s1s2" / "S2L2A").glob("*.tif"))[0]
    result_of("predict", "--model", models["ms"], "--ms", source, "--bands", "B02=2,B03=3,B04=4,B05=5,B06=6,B07=7,B08=8,B8A=9,B11=11,B12=12",
              "-o", folder / "map.tif", "--summary")
    with rasterio.open(source) as scene, rasterio.open(folder / "map.tif") as made:
        assert (made.crs, made.transform, made.shape) == (scene.crs, scene.transform, scene.shape)
