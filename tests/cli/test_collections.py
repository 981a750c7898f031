"""`index` on collections: places cut from scenes, and the layouts of products and catalogs, beside rasterio."""

import datetime
import pathlib
import shutil
import zipfile

import numpy
import pystac
import pytest
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import Resampling, reproject, transform

import collections_of_scenes as scenes
from conftest import WRONG_USAGE, refusal_of, result_of


def index(folder, *options):
    """The places and the report of `index FOLDER/archive`."""
    result = result_of("index", folder / "archive", "-o", folder / "dataset", "--overwrite", *options)
    return scenes.places_of(folder / "dataset"), result


def three_sensors(archive):
    """Scenes that overlap only partly: MS of 64 pixels at 10 m, SAR of 80 pixels shifted, HR over a corner."""
    scenes.write(archive / "S2L2A" / "west_20230601.tif", scenes.ramp(10, 64), 500000, 5600640, 10)
    scenes.write(archive / "S2L2A" / "west_20230611.tif", scenes.ramp(10, 64), 500000, 5600640, 10)
    scenes.write(archive / "S1" / "west_20230605.tif", scenes.radar(80), 500160, 5600800, 10)
    scenes.write(archive / "aerial" / "tile_20230610.tif", scenes.picture(200), 500140, 5600340, 1.0)


def test_places_are_cut_on_the_grid_from_every_scene_that_shows_them(folder):
    three_sensors(folder / "archive")
    places, result = index(folder, "--place-size", "160", "--min-valid", "1")
    by_id = {place["id"]: place for place in places}
    assert "32631/500160_5600160" in by_id
    middle = by_id["32631/500160_5600160"]
    assert middle["ground"] == {"crs": "EPSG:32631", "box": [500160, 5600160, 500320, 5600320]}
    assert [image["date"] for image in middle["ms"]] == ["2023-06-01", "2023-06-11"]
    assert len(middle["sar"]) == 1 and len(middle["hr"]) == 1
    assert "sar" not in by_id["32631/500000_5600000"] and "hr" not in by_id["32631/500000_5600000"]
    assert "ms" not in by_id["32631/500640_5600640"], "the radar scene alone reaches there"
    # Every box is a multiple of 160 m, and all squares inside a scene are there: 4 x 4 of MS, 5 x 5 of SAR, 4 x 3 shared.
    assert all(edge % 160 == 0 for place in places for edge in place["ground"]["box"])
    assert len(places) == 16 + 25 - 12 == result["places"]
    lon, lat = transform("EPSG:32631", "EPSG:4326", [500240], [5600240])
    assert middle["lonlat"] == pytest.approx([lon[0], lat[0]], abs=1e-6)
    places, result = index(folder, "--place-size", "160", "--min-valid", "1", "--require", "hr", "--require", "ms")
    assert [place["id"] for place in places] == ["32631/500160_5600160"]
    assert result["left_out_place_count"] == 28
    report = scenes.report_of(folder / "dataset")
    assert {"id": "32631/500640_5600640", "reason": "no hr image of it is left"} in report["left_out_places"]


def test_hr_far_from_the_series_is_left_out(folder):
    three_sensors(folder / "archive")
    scenes.write(folder / "archive" / "aerial" / "old_20190610.tif", scenes.picture(200), 500140, 5600340, 1.0)
    options = ["--place-size", "160", "--min-valid", "1", "--require", "hr"]
    (place,), _ = index(folder, *options)
    assert [image["date"] for image in place["hr"]] == ["2019-06-10", "2023-06-10"]
    (place,), result = index(folder, *options, "--max-days", "30")
    assert [image["date"] for image in place["hr"]] == ["2023-06-10"]
    assert result["left_out_images"]["days"] == 1


def test_clouded_and_empty_images_are_left_out_and_the_masks_go_along(folder):
    archive = folder / "archive"
    for date, cloud in [("20230601", 0.0), ("20230611", 0.25), ("20230621", 0.75)]:
        scenes.write(archive / "S2L2A" / f"tile_{date}.tif", scenes.ramp(10, 32), 500160, 5600320, 10)
        layer = numpy.full((1, 16, 16), 4, "uint8")
        layer[:, : int(16 * cloud)] = 9
        scenes.write(archive / "SCL" / f"tile_{date}.tif", layer, 500160, 5600320, 20)
    empty = scenes.ramp(10, 32)
    empty[:, :, 4:] = 0
    scenes.write(archive / "S2L2A" / "tile_20230701.tif", empty, 500160, 5600320, 10, nodata=0)
    (place,), result = index(folder, "--place-size", "320", "--max-cloud", "0.5")
    assert [image["date"] for image in place["ms"]] == ["2023-06-01", "2023-06-11"]
    assert [image["validity"] for image in place["ms"]] == [f"../archive/SCL/tile_{date}.tif" for date in ("20230601", "20230611")]
    assert result["left_out_images"] == {"clouded": 1, "days": 0, "empty": 1}
    reasons = {skipped["path"].rsplit("/", 1)[1]: skipped["reason"] for skipped in scenes.report_of(folder / "dataset")["skipped"]}
    assert "clouded over more than 50%" in reasons["tile_20230621.tif"]
    assert "less than 75%" in reasons["tile_20230701.tif"]


def test_scenes_of_another_zone_are_reprojected_as_rasterio_does(folder):
    """The means of two ramps that rise by 0.02 dB a pixel agree to 0.0004 dB: a fiftieth of a pixel."""
    west, south, side = 712960, 5600000, 640
    scenes.write(folder / "archive" / "S2L2A" / "a_20230601.tif", scenes.ramp(10, 64), west, south + side, 10)
    x, y = transform(scenes.UTM31, scenes.UTM32, [west - 200], [south + side + 200])
    rows, columns = numpy.mgrid[0:120, 0:120]
    ramps = numpy.stack([-20 + 0.02 * columns, -20 + 0.02 * rows]).astype("float32")
    scene = scenes.write(folder / "archive" / "S1" / "a_20230602.tif", ramps, round(x[0]) + 3.7, round(y[0]) + 1.2, 10, crs=scenes.UTM32)
    (place,), _ = index(folder, "--place-size", side, "--require", "ms", "--min-valid", "0.99", "--stats")
    assert place["ground"]["box"] == [west, south, west + side, south + side] and len(place["sar"]) == 1
    expected = numpy.zeros((2, 64, 64), "float32")
    with rasterio.open(scene) as raster:
        reproject(rasterio.band(raster, [1, 2]), expected, dst_crs=scenes.UTM31, dst_transform=from_origin(west, south + side, 10, 10),
                  resampling=Resampling.bilinear, tolerance=0)
    assert expected.max() < -1, "the scene covers the place"
    for band, values in zip(scenes.sensors_of(folder / "dataset")["sar"]["bands"], expected):
        assert band["mean"] == pytest.approx(values.mean(), abs=4e-4)
        assert band["std"] == pytest.approx(values.std(), abs=4e-4)


def test_shards_of_cut_places_hold_the_windows_of_their_scenes(folder):
    """Pixels of the scenes as rasterio cuts them, bit for bit, with type, nodata, place and the clouds as the file's mask."""
    archive = folder / "archive"
    stored = scenes.ramp(10, 64)
    stored[:, 20:24, 20:40] = 0
    ms = scenes.write(archive / "S2L2A" / "west_20230601.tif", stored, 500000, 5600640, 10, nodata=0)
    layer = numpy.random.default_rng(2).choice([4, 5, 9], (1, 32, 32)).astype("uint8")
    scenes.write(archive / "SCL" / "west_20230601.tif", layer, 500000, 5600640, 20)
    sar = scenes.write(archive / "S1" / "west_20230605.tif", scenes.radar(80), 500160, 5600800, 10)
    hr = scenes.write(archive / "aerial" / "tile_20230610.tif", scenes.picture(640), 500000, 5600640, 1.0)
    index(folder, "--place-size", "320", "--min-valid", "0.9", "--require", "hr", "--require", "ms", "--require", "sar", "--max-cloud", "1")
    result = result_of("index", folder / "dataset", "--to-shards", "geotiff", "-o", folder / "shards")
    _, place = scenes.places_of(folder / "shards")
    assert result["converted"] == result["members"] == 6 and place["ground"]["box"] == [500160, 5600320, 500480, 5600640]
    assert (folder / "shards" / "shard-00000.tar").stat().st_size < 0.7 * hr.stat().st_size, "no whole scene"
    for modality, scene in [("ms", ms), ("sar", sar), ("hr", hr)]:
        (image,) = place[modality]
        head, tail = image["path"].split(",")
        assert set(image) <= {"path", "date"}
        with rasterio.open(scene) as whole, rasterio.open(f"{head},{folder / 'shards' / tail}") as cut:
            window = rasterio.windows.from_bounds(*place["ground"]["box"], whole.transform)
            assert numpy.array_equal(cut.read(), whole.read(window=window)) and cut.dtypes == whole.dtypes
            assert cut.transform == whole.window_transform(window) and cut.crs == whole.crs
            assert cut.compression.name == "deflate" and cut.block_shapes[0] == ((256, 256) if modality == "hr" else (32, 32))
            if modality == "ms":
                clear = numpy.kron(layer[0] != 9, numpy.ones((2, 2), bool))[window.toslices()]
                assert cut.descriptions == tuple(scenes.TEN_BANDS) and cut.nodata == 0
                assert numpy.array_equal(cut.dataset_mask() != 0, clear & (stored[0][window.toslices()] != 0))
            else:
                assert cut.dataset_mask().all()
    weights = []
    result_of("index", folder / "dataset", "--to-shards", "tensors", "-o", folder / "tensors")
    for name in ("dataset", "shards", "tensors"):
        options = {"train.steps": 1, "train.batch_size": 2, "train.warmup_steps": 0, "views.local_views": 1}
        words = [word for key, value in options.items() for word in ("--set", f"{key}={value}")]
        result_of("pretrain", "--preset", "nano", *words, "--data", folder / name, "-o", folder / f"run-{name}")
        weights.append((folder / f"run-{name}" / "model" / "student.safetensors").resolve().read_bytes())
    assert weights[0] == weights[1] == weights[2]


def test_places_are_cut_in_the_utm_zone_of_scenes_in_degrees(folder):
    values = scenes.ramp(10, 100)
    scenes.write(folder / "archive" / "S2L2A" / "a_20230601.tif", values, 2.72, 42.40, 0.0001)
    with rasterio.open(folder / "archive" / "S2L2A" / "a_20230601.tif", "r+") as raster:
        raster.crs = "EPSG:4326"
    places, _ = index(folder, "--place-size", "320", "--min-valid", "1")
    assert len(places) >= 2 and all(place["ground"]["crs"] == scenes.UTM31 for place in places)


def test_a_collection_without_a_place_says_what_is_missing(folder):
    three_sensors(folder / "archive")
    refused = lambda *options: refusal_of("index", folder / "archive", "-o", folder / "dataset", *options)
    assert "no hr image of it is left" in refused("--place-size", "320", "--min-valid", "1", "--require", "hr")
    assert "too large for places of 15 m" in refusal_of("index", folder / "archive" / "S2L2A", "-o", folder / "dataset", "--place-size", "15")


def test_ground_of_two_zones_is_cut_once(folder):
    west, south = 712960, 5600000
    for day in ("20230601", "20230611"):
        scenes.write(folder / "archive" / "S2L2A" / f"west_{day}.tif", scenes.ramp(10, 128), west, south + 1280, 10)
    x, y = transform(scenes.UTM31, scenes.UTM32, [west], [south + 1280])
    scenes.write(folder / "archive" / "S2L2A" / "east_20230603.tif", scenes.ramp(10, 256), round(x[0]), round(y[0]), 10, crs=scenes.UTM32)
    places, _ = index(folder, "--place-size", "320", "--min-valid", "0.9")
    zones = {zone: [place for place in places if place["ground"]["crs"] == zone] for zone in (scenes.UTM31, scenes.UTM32)}
    assert len(zones[scenes.UTM31]) == 16 and len(zones[scenes.UTM32]) > 10
    assert max(len(place["ms"]) for place in zones[scenes.UTM31]) == 3, "the eastern scene shows the western zone's places too"
    for place in zones[scenes.UTM32]:
        left, low, right, high = place["ground"]["box"]
        (east,), (north,) = transform(scenes.UTM32, scenes.UTM31, [(left + right) / 2], [(low + high) / 2])
        assert not (west <= east < west + 1280 and south <= north < south + 1280)


def test_wrong_limits_are_usage_errors(folder):
    three_sensors(folder / "archive")
    for options, reason in [(["--place-size", "0"], "--place-size 0"), (["--place-size", "160", "--max-cloud", "30"], "share of 0 to 1"),
                            (["--place-size", "160", "--min-valid", "0"], "--min-valid 0"),
                            (["--place-size", "160", "--hr-gsd", "0.01"], "--hr-gsd"), (["--place-size", "160", "--hr-gsd", "-1"], "above 0"),
                            (["--place-size", "160", "--max-days", "-1"], "--max-days -1")]:
        assert reason in refusal_of("index", folder / "archive", "-o", folder / "dataset", *options, code=WRONG_USAGE)
    assert not (folder / "dataset").exists()


def archive_of(product):
    """The product's folder as the zip file that hubs hand out."""
    archive = product.parent / f"{product.name.removesuffix('.SAFE')}.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted(product.rglob("*")):
            packed.write(file, file.relative_to(product.parent))
    shutil.rmtree(product)
    return archive


def test_sentinel2_products_of_both_baselines_make_one_series(folder):
    """Means of the place are those that rasterio reads, offset by the product's metadata; 1e-6 in reflectance."""
    archive = folder / "archive"
    scenes.safe_product(archive, day="20210601", baseline="03.01", offset=0)
    new = scenes.safe_product(archive, day="20230601", baseline="05.09", offset=-1000)
    zipped = archive_of(scenes.safe_product(archive, day="20230611", baseline="05.09", offset=-1000))
    scenes.safe_product(archive, level="L1C", day="20230601")
    scenes.sentinel1_product(archive)
    (place,), result = index(folder, "--place-size", "640", "--min-valid", "1", "--stats")
    assert result["sensors"] == {"ms": "sentinel2-l2a-0400"}
    assert [image["date"] for image in place["ms"]] == ["2021-06-01", "2023-06-01", "2023-06-11"]
    assert [image.get("add", 0) for image in place["ms"]] == [1000, 0, 0]
    assert place["ms"][2]["path"][0].startswith(f"/vsizip/{zipped}/")
    assert all(image["validity"].endswith("_SCL_20m.jp2") for image in place["ms"])
    stored = {path.rsplit("_", 2)[1]: path.rsplit("_", 1)[1] for path in place["ms"][1]["path"]}
    assert stored["B02"] == "10m.jp2" and stored["B8A"] == "20m.jp2" and stored["B12"] == "20m.jp2"
    bands = {band["name"]: band for band in scenes.sensors_of(folder / "dataset")["ms"]["bands"]}
    for name in ["B02", "B08"]:
        with rasterio.open(next(new.rglob(f"*_{name}_10m.jp2"))) as raster:
            assert bands[name]["mean"] == pytest.approx((raster.read(1).mean() - 1000) / 1e4, abs=1e-6)
    reasons = {skipped["path"].rsplit("/", 1)[1]: skipped["reason"] for skipped in scenes.report_of(folder / "dataset")["skipped"]}
    assert "terrain-correct" in next(reason for name, reason in reasons.items() if name.startswith("S1A"))
    assert "one a modality" in next(reason for name, reason in reasons.items() if name.endswith("B02.jp2"))


def test_the_sensor_asked_for_decides_on_the_offset(folder):
    scenes.safe_product(folder / "archive")
    (place,), result = index(folder, "--sensor", "sentinel2-l2a")
    assert result["sensors"] == {"ms": "sentinel2-l2a"} and place["ms"][0]["add"] == -1000


def test_clouds_of_a_product_are_counted_by_its_scene_classes(folder):
    scenes.safe_product(folder / "archive", day="20230601", clouded=0.75)
    scenes.safe_product(folder / "archive", day="20230611", clouded=0.25)
    places, result = index(folder, "--place-size", "320", "--min-valid", "1", "--max-cloud", "0.4")
    dates = {place["id"]: [image["date"] for image in place["ms"]] for place in places}
    # The northern half of the product is clouded in its first 24 (8) of 32 rows of classes: none is left there.
    assert "32631/500480_5600320" not in dates
    assert dates["32631/500480_5600000"] == ["2023-06-11"]
    assert result["left_out_images"]["clouded"] == 6


def test_opaque_clouds_of_a_level_1c_product_are_masked(folder):
    scenes.safe_product(folder / "archive", level="L1C", side=96, clouded=1 / 3)
    places, result = index(folder, "--place-size", "320", "--min-valid", "1")
    assert result["sensors"] == {"ms": "sentinel2-l1c-0400"} and result["left_out_images"]["clouded"] == 3
    assert len(places) == 6 and all(place["ms"][0]["validity"].endswith("MSK_CLASSI_B00.jp2") for place in places)


def test_a_damaged_product_is_named(folder):
    scenes.safe_product(folder / "archive", day="20230611")
    broken = scenes.safe_product(folder / "archive", day="20230601")
    next(broken.rglob("*_B03_10m.jp2")).unlink()
    for file in broken.rglob("*_B03_*.jp2"):
        file.unlink()
    other = scenes.safe_product(folder / "archive", day="20230621")
    (other / "MTD_MSIL2A.xml").unlink()
    cut = scenes.safe_product(folder / "archive", day="20230701")
    file = next(cut.rglob("*_B11_20m.jp2"))
    file.write_bytes(file.read_bytes()[:100])
    places, _ = index(folder, "--place-size", "640")
    assert [image["date"] for image in places[0]["ms"]] == ["2023-06-11"]
    reasons = {skipped["path"].rsplit("/", 1)[1]: skipped["reason"] for skipped in scenes.report_of(folder / "dataset")["skipped"]}
    assert "no file of band B03" in reasons[broken.name] and "MTD_MSIL2A.xml" in reasons[other.name]
    assert any(file.name in reason for reason in reasons.values()), "the cut file, by name"


def stac_catalog(folder):
    """A catalog as pystac writes it: one Sentinel-2 item by common names, one by band names, one Sentinel-1 item."""
    catalog = pystac.Catalog("archive", "test")
    collection = pystac.Collection("sentinel-2-l2a", "S2", pystac.Extent(pystac.SpatialExtent([[2, 50, 4, 51]]),
                                                                        pystac.TemporalExtent([[datetime.datetime(2021, 1, 1), None]])))
    catalog.add_child(collection)
    keys = ["blue", "green", "red", "rededge1", "rededge2", "rededge3", "nir", "nir08", "swir16", "swir22"]

    def item(name, day, properties):
        made = pystac.Item(name, {"type": "Point", "coordinates": [3, 50]}, [3, 50, 3, 50], datetime.datetime.fromisoformat(day), properties)
        made.stac_extensions = ["https://stac-extensions.github.io/eo/v1.1.0/schema.json"]
        return made

    ramps = scenes.ramp(10, 64)
    common = item("S2B_31UES_20230601_0_L2A", "2023-06-01T10:56:21", {"constellation": "sentinel-2", "proj:epsg": 32631})
    for key, name, values in zip(keys, scenes.TEN_BANDS, ramps):
        path = scenes.write(folder / "files" / f"one_{key}.tif", values[None] + 1000, 500480, 5600640, 10)
        common.add_asset(key, pystac.Asset(str(path), roles=["data"], extra_fields={
            "eo:bands": [{"name": key, "common_name": "rededge" if "edge" in key else key}], "raster:bands": [{"scale": 0.0001, "offset": -0.1}]}))
    path = scenes.write(folder / "files" / "one_tci.tif", scenes.picture(64), 500480, 5600640, 10)
    common.add_asset("visual", pystac.Asset(str(path), roles=["visual"], extra_fields={"eo:bands": [{"name": name} for name in ["red", "green", "blue"]]}))
    path = scenes.write(folder / "files" / "one_scl.tif", numpy.full((1, 32, 32), 4, "uint8"), 500480, 5600640, 20)
    common.add_asset("scl", pystac.Asset(str(path), roles=["data"]))
    stacked = item("S2A_MSIL2A_20230611", "2023-06-11T10:56:21", {"platform": "sentinel-2a", "s2:processing_baseline": "05.09", "proj:code": "EPSG:32631"})
    path = scenes.write(folder / "files" / "two.tif", numpy.concatenate([ramps[5:], ramps[:5]]) + 1000, 500480, 5600640, 10)
    order = scenes.TEN_BANDS[5:] + scenes.TEN_BANDS[:5]
    stacked.add_asset("image", pystac.Asset(str(path), roles=["data"], extra_fields={"bands": [{"name": name} for name in order]}))
    remote = item("S2A_MSIL2A_20230621", "2023-06-21T10:56:21", {"platform": "sentinel-2a"})
    for name in scenes.TEN_BANDS:
        remote.add_asset(name, pystac.Asset(f"https://example.com/{name}.tif"))
    collection.add_items([common, stacked, remote])
    radar = item("S1A_20230605", "2023-06-05T17:30:17", {"constellation": "sentinel-1"})
    path = scenes.write(folder / "files" / "radar.tif", scenes.radar(64), 500480, 5600640, 10)
    radar.add_asset("data", pystac.Asset(str(path), extra_fields={"eo:bands": [{"name": "VV"}, {"name": "VH"}]}))
    catalog.add_item(radar)
    aerial = item("m_5000301_ne_31_060_20230610", "2023-06-10T16:00:00", {"proj:epsg": 32631})
    path = scenes.write(folder / "files" / "aerial.tif", numpy.concatenate([scenes.picture(640), scenes.picture(640)[:1]]), 500480, 5600640, 1,
                        photometric="MINISBLACK")
    aerial.add_asset("image", pystac.Asset(str(path), roles=["data"], extra_fields={
        "eo:bands": [{"name": "NIR", "common_name": "nir"}, *({"name": name, "common_name": name.lower()} for name in ["Red", "Green", "Blue"])]}))
    catalog.add_item(aerial)
    wrong = item("S1A_wrong", "2023-06-06T17:30:17", {"constellation": "sentinel-1", "proj:epsg": 32632})
    wrong.add_asset("data", radar.assets["data"].clone())
    catalog.add_item(wrong)
    catalog.normalize_and_save(str(folder / "catalog"), pystac.CatalogType.SELF_CONTAINED)
    return folder / "catalog" / "catalog.json"


def test_stac_catalogs_are_read_as_pystac_reads_them(folder):
    catalog = stac_catalog(folder / "stac")
    result_of("index", catalog, "-o", folder / "dataset", "--place-size", "640", "--min-valid", "1", "--stats")
    (place,) = scenes.places_of(folder / "dataset")
    items = {item.id: item for item in pystac.Catalog.from_file(str(catalog)).get_items(recursive=True)}
    first, second = place["ms"]
    assert [image["date"] for image in place["ms"]] == [items[name].datetime.date().isoformat()
                                                        for name in ("S2B_31UES_20230601_0_L2A", "S2A_MSIL2A_20230611")]
    base = folder / "dataset"
    common = items["S2B_31UES_20230601_0_L2A"].assets
    keys = ["blue", "green", "red", "rededge1", "rededge2", "rededge3", "nir", "nir08", "swir16", "swir22"]
    assert [(base / path).resolve() for path in first["path"]] == [pathlib.Path(common[key].get_absolute_href()).resolve() for key in keys]
    assert (base / first["validity"]).resolve() == pathlib.Path(common["scl"].get_absolute_href()).resolve()
    assert place["hr"][0]["bands"] == "red=2,green=3,blue=4" and place["hr"][0]["date"] == "2023-06-10"
    assert second["bands"].split(",")[:2] == ["B02=6", "B03=7"]
    sensors = scenes.sensors_of(folder / "dataset")
    assert sensors["ms"]["name"] == "sentinel2-l2a-0400" and len(place["sar"]) == 1
    # Both dates hold the same reflectance, once by raster:bands and once by the processing baseline.
    for band, values in zip(sensors["ms"]["bands"], scenes.ramp(10, 64)):
        assert band["mean"] == pytest.approx(values.mean() / 1e4, abs=1e-6)
    reasons = " ".join(skipped["reason"] for skipped in scenes.report_of(folder / "dataset")["skipped"])
    assert "is remote" in reasons and "S1A_wrong: the item says EPSG:32632" in reasons
    # The folder finds the same as the catalog's file, and no raster a second time.
    result = result_of("index", folder / "stac", "-o", folder / "again", "--place-size", "640", "--min-valid", "1")
    assert result["images"] == {"hr": 1, "ms": 2, "sar": 1}


def test_rslearn_windows_become_places(folder):
    scenes.rslearn_dataset(folder / "archive")
    (place,), result = index(folder, "--stats")
    assert [image["date"] for image in place["ms"]] == ["2023-06-03", "2023-06-13"]
    assert place["id"] == "default/window_a" and place["label"].endswith("layers/label/label/geotiff.tif")
    assert "sar" not in place and result["images"] == {"ms": 2}
    bands = {band["name"]: band for band in scenes.sensors_of(folder / "dataset")["ms"]["bands"]}
    window = folder / "archive" / "windows" / "default" / "window_a" / "layers"
    for name, number in [("B02", 1), ("B08", 4)]:
        means = []
        for layer in ["sentinel2", "sentinel2.1"]:
            with rasterio.open(window / layer / "B02_B03_B04_B08" / "geotiff.tif") as raster:
                means.append(raster.read(number).mean())
        assert bands[name]["mean"] == pytest.approx(numpy.mean(means) / 1e4, abs=1e-6)
    reasons = {skipped["path"].rsplit("/", 1)[1]: skipped["reason"] for skipped in scenes.report_of(folder / "dataset")["skipped"]}
    assert "not completed" in reasons["sentinel1"] and "vector" in reasons["roads"]
    (window / "sentinel1" / "completed").touch()
    (place,), _ = index(folder)
    assert len(place["sar"]) == 2
