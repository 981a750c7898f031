"""`rasterize` and `index --osm` beside shapely, rasterio, pyosmium and OGR's own tools, on data generated here."""

import gzip
import json
import os
import pathlib
import random
import subprocess

import numpy
import osmium
import pytest
import rasterio
import rasterio.features
import rasterio.warp
import shapely

from conftest import WRONG_USAGE, refusal_of, result_of, run
from osm_drawings import (
    ORIGIN,
    RULES,
    UNLABELLED,
    UTM,
    assert_equal_but_on_outlines,
    expected,
    geojson,
    labels_of,
    objects,
    rasterized,
    scene,
    to_degrees,
    write_osm,
)

DATA = pathlib.Path(os.environ.get("SKYSENSE_TEST_DATA", "/nowhere")) / "osm"


@pytest.mark.parametrize("gsd", [1.0, 2.5])
def test_areas_lines_and_points_are_those_of_shapely_and_rasterio(folder, gsd):
    things, size = objects(1), int(200 / gsd)
    labels, result = rasterized(folder, geojson(folder / "a.geojson", things), "--like", scene(folder / "scene.tif", size, gsd))
    assert_equal_but_on_outlines(labels, things, size=size, gsd=gsd)
    counted = {name: int((labels == i).sum()) for i, name in enumerate(["house", "road", "wood", "tree", "sea"])}
    assert result["pixels"] == counted and result["unlabelled"] == int((labels == UNLABELLED).sum())
    assert sum(rule["drawn"] + rule["outside"] for rule in result["rules"]) + result["elsewhere"] == len(things)


@pytest.mark.parametrize("ending", [".osm", ".osm.pbf", ".osm.gz"])
def test_osm_files_give_the_same_as_shapely_and_rasterio(folder, ending):
    things = objects(2)
    source = write_osm(folder / "a.osm", things) if ending == ".osm.gz" else write_osm(folder / f"a{ending}", things)
    if ending == ".osm.gz":
        source = folder / "b.osm.gz"
        source.write_bytes(gzip.compress((folder / "a.osm").read_bytes()))
    labels, _ = rasterized(folder, source, "--like", scene(folder / "scene.tif"))
    wanted, distance = expected(things)
    # Nodes are stored to 1e-7 degrees: 1 cm.
    differing = labels != wanted
    assert differing.sum() < 80 and (distance[differing] < 0.03).all(), (differing.sum(), distance[differing].max())


@pytest.mark.parametrize("ending", [".gpkg", ".fgb", ".shp"])
def test_other_vector_files_give_the_pixels_of_geojson(folder, ending):
    things = [thing for thing in objects(3) if "building" in thing[0] or ending != ".shp" and "width" not in thing[0]]
    source = geojson(folder / "a.geojson", things)
    subprocess.run(["ogr2ogr", "-t_srs", UTM, folder / f"a{ending}", source], check=True)
    like = scene(folder / "scene.tif")
    wanted, _ = rasterized(folder, source, "--like", like)
    labels, _ = rasterized(folder, folder / f"a{ending}", "--like", like)
    assert (wanted != UNLABELLED).any() and (labels != wanted).sum() <= 3  # there and back between degrees and metres


def test_other_tags_of_ogr_are_tags(folder):
    (x, y), source = to_degrees(shapely.Point(ORIGIN[0] + 50, ORIGIN[1] - 50)).coords[0], folder / "a.geojson"
    point = lambda x, tags: {"type": "Feature", "properties": tags, "geometry": {"type": "Point", "coordinates": [x, y]}}
    good, bad = {"name": "x", "other_tags": '"natural"=>"tree","note"=>"a \\"quoted\\" one"'}, {"other_tags": "natural=tree"}
    source.write_text(json.dumps({"type": "FeatureCollection", "features": [point(x, good), point(x + 1e-3, bad)]}))
    labels, result = rasterized(folder, source, "--like", scene(folder / "scene.tif"))
    assert result["objects"] == 1 and result["broken"] == 1
    assert (labels == 3).sum() == result["pixels"]["tree"] > 10


def test_the_order_of_features_in_the_file_does_not_matter(folder):
    things, like = objects(4, 120), scene(folder / "scene.tif")
    first, _ = rasterized(folder, geojson(folder / "a.geojson", things), "--like", like)
    for seed in range(3):
        random.Random(seed).shuffle(things)
        again, _ = rasterized(folder, geojson(folder / "b.geojson", things), "--like", like)
        numpy.testing.assert_array_equal(again, first)


def test_a_window_of_a_larger_grid_has_its_pixels(folder):
    """Also across the blocks of 1024 pixels that the large grid is drawn in."""
    things = objects(5, 300, 400)
    things += [({"natural": "wood"}, shapely.box(ORIGIN[0] + 100.5 * 0.3, ORIGIN[1] - 350, ORIGIN[0] + 300, ORIGIN[1] - 200.5 * 0.3))]
    source = geojson(folder / "a.geojson", things)
    whole, _ = rasterized(folder, source, "--like", scene(folder / "whole.tif", 1300, 0.3))
    for column, row in [(0, 0), (990, 1000), (517, 3)]:
        like = scene(folder / "part.tif", 300, 0.3, ORIGIN[0] + 0.3 * column, ORIGIN[1] - 0.3 * row)
        part, _ = rasterized(folder, source, "--like", like)
        numpy.testing.assert_array_equal(part, whole[row : row + 300, column : column + 300])


def test_buffers_are_round_on_the_ground_in_degrees_and_web_mercator(folder):
    """At 60 degrees north a degree of longitude is half one of latitude, and Mercator's metres are half metres."""
    source = folder / "a.geojson"
    source.write_text(json.dumps({"type": "Feature", "properties": {"natural": "tree"}, "geometry": {"type": "Point", "coordinates": [25.0, 60.0]}}))
    (folder / "rules.yaml").write_text(RULES.replace("radius_m: 2.5", "radius_m: 50"))
    centre = rasterio.warp.transform("EPSG:4326", "EPSG:3857", [25.0], [60.0])
    grids = {
        "EPSG:4326": rasterio.transform.from_origin(24.998, 60.002, 1e-5, 1e-5),
        "EPSG:3857": rasterio.transform.from_origin(centre[0][0] - 200, centre[1][0] + 200, 1, 1),
    }
    for crs, transform in grids.items():
        like = scene(folder / "scene.tif", 400, crs=crs, transform=transform)
        result_of("rasterize", source, "--rules", folder / "rules.yaml", "--like", like, "-o", folder / "l.tif", "--overwrite")
        rows, columns = numpy.nonzero(labels_of(folder / "l.tif") == 3)
        x, y = rasterio.transform.xy(transform, rows, columns)
        x, y = map(numpy.array, rasterio.warp.transform(crs, "+proj=aeqd +lat_0=60 +lon_0=25", x, y))
        for size in (x.max() - x.min(), y.max() - y.min()):
            assert size == pytest.approx(100, abs=1.6), crs
        assert numpy.hypot(x, y).max() < 50.6


def test_holes_islands_and_the_sea_on_the_right_of_the_coastline(folder):
    """A coast from west to east has the land to its north; two islands in the sea, one in two ways; a wood ends nowhere else."""
    left, top = ORIGIN
    line = lambda *points: shapely.LineString([(left + x, top - y) for x, y in points])
    things = [
        ({"natural": "coastline"}, line((-50, 100), (60, 110))),
        ({"natural": "coastline"}, line((60, 110), (120, 90), (300, 100))),
        ({"natural": "coastline"}, line((40, 140), (40, 160), (60, 160), (60, 140), (40, 140))),
        ({"natural": "coastline"}, line((120, 140), (120, 160), (140, 160))),
        ({"natural": "coastline"}, line((140, 160), (140, 140), (120, 140))),
        ({"natural": "tree"}, shapely.Point(left - 50, top + 50)),
        ({"natural": "tree"}, shapely.Point(left + 300, top - 300)),
    ]
    source = write_osm(folder / "a.osm", things)
    (west, north), (east, south) = (to_degrees(shape).coords[0] for _, shape in things[-2:])
    bounds = f'<bounds minlon="{west:.7f}" minlat="{south:.7f}" maxlon="{east:.7f}" maxlat="{north:.7f}"/>'
    text = source.read_text()
    source.write_text(text.replace("<node", bounds + "<node", 1))
    labels, result = rasterized(folder, source, "--like", scene(folder / "scene.tif"))
    sea = shapely.Polygon([(left - 60, top - 100), *[(left + x, top - y) for x, y in [(-50, 100), (60, 110), (120, 90), (300, 100), (300, 300), (-60, 300)]]])
    sea = sea - shapely.box(left + 40, top - 160, left + 60, top - 140) - shapely.box(left + 120, top - 160, left + 140, top - 140)
    wanted = rasterio.features.rasterize([(sea, 4)], (200, 200), fill=UNLABELLED, transform=rasterio.transform.from_origin(*ORIGIN, 1, 1), dtype="uint8")
    assert result["coastline"]["ways"] >= 5
    assert (labels != wanted).sum() < 12, (labels != wanted).sum()
    # The same coast the other way round: the sea lies north.
    turned = [(tags, shape.reverse() if shape.geom_type == "LineString" and not shape.is_closed and "natural" in tags and shape.length > 60 else shape) for tags, shape in things[:2]]
    write_osm(source, turned + things[-2:])
    source.write_text(source.read_text().replace("<node", bounds + "<node", 1))
    other, _ = rasterized(folder, source, "--like", folder / "scene.tif")
    assert other[20, 100] == 4 and other[180, 30] == UNLABELLED and labels[20, 100] == UNLABELLED and labels[180, 30] == 4


def test_tags_that_ogr_drops_are_read(folder):
    """GDAL's own configuration drops `source` and `ele`, and takes a closed pier for a line."""
    square = lambda x: shapely.box(ORIGIN[0] + x, ORIGIN[1] - 60, ORIGIN[0] + x + 20, ORIGIN[1] - 40)
    things = [({"man_made": "pier"}, square(10)), ({"natural": "wood", "ele": "12", "source": "survey"}, square(60)), ({"highway": "service", "area": "yes"}, square(110))]
    rules = RULES[: RULES.index("rules:")] + """rules:
  - {name: piers, class: house, geometry: area, where: {man_made: pier}}
  - {name: sourced, class: wood, geometry: area, where: {source: survey, ele: "*"}}
  - {name: yards, class: road, geometry: area, where: {highway: service}}
"""
    (folder / "own.yaml").write_text(rules)
    for ending in (".osm", ".osm.pbf"):
        source = write_osm(folder / f"a{ending}", things)
        result = result_of("rasterize", source, "--rules", folder / "own.yaml", "--like", scene(folder / "s.tif"), "-o", folder / "l.tif", "--overwrite")
        assert [result["pixels"][name] for name in ("house", "wood", "road")] == [400, 400, 400]


def test_broken_shapes_are_repaired_or_counted(folder):
    left, top = ORIGIN
    at = lambda *points: shapely.Polygon([(left + x, top - y) for x, y in points])
    things = [
        ({"building": "bow tie"}, at((10, 10), (50, 50), (50, 10), (10, 50))),
        ({"building": "sliver"}, at((60, 60), (80, 80), (60, 60))),
        ({"building": "square"}, at((100, 100), (100, 120), (120, 120), (120, 100))),
    ]
    labels, result = rasterized(folder, geojson(folder / "a.geojson", things), "--like", scene(folder / "scene.tif"))
    assert result["repaired"] == 1 and result["broken"] == 1
    assert (labels[:60, :60] == 0).sum() == pytest.approx(800, abs=45) and (labels[100:120, 100:120] == 0).all()
    source = write_osm(folder / "a.osm.pbf", things[:1] + things[2:])
    labels, result = rasterized(folder, source, "--like", folder / "scene.tif")
    assert (labels[100:120, 100:120] == 0).all()


def test_the_file_carries_names_colours_and_nodata_and_the_preview_shows_them(folder):
    things = objects(1)
    labels, result = rasterized(folder, geojson(folder / "a.geojson", things), "--like", scene(folder / "scene.tif"), "--preview", folder / "p.png")
    with rasterio.open(folder / "labels.tif") as raster:
        assert raster.nodata == UNLABELLED and raster.crs == UTM and raster.dtypes == ("uint8",)
        assert json.loads(raster.tags()["CLASS_NAMES"]) == ["house", "road", "wood", "tree", "sea"]
        assert raster.colormap(1)[1] == (0x40, 0x40, 0x40, 255)
    with rasterio.open(folder / "p.png") as picture:
        colours = picture.read()
    assert (colours[:, labels == 2].T == (0, 0xAA, 0)).all() and (colours[:, labels == UNLABELLED] == 255).all()
    assert result["preview"] == str(folder / "p.png")


def test_a_box_gives_whole_pixels_of_its_utm_zone(folder):
    source = geojson(folder / "a.geojson", objects(1))
    west, south = to_degrees(shapely.Point(ORIGIN[0], ORIGIN[1] - 200)).coords[0]
    labels, result = rasterized(folder, source, "--bbox", west, south, west + 0.002, south + 0.001, "--gsd", 0.5)
    with rasterio.open(folder / "labels.tif") as raster:
        assert raster.crs == UTM and raster.res == (0.5, 0.5)
        assert raster.bounds.left % 0.5 == 0 and raster.bounds.top % 0.5 == 0
    assert labels.shape == (result["height"], result["width"]) and (labels != UNLABELLED).any()


def test_tags_of_real_extracts_are_those_that_pyosmium_counts(folder):
    """Trees are as many as osmium counts; buildings lie between the areas it can close and all objects of the tag."""
    source = DATA / "Helsinki.osm.pbf"
    if not source.exists():
        pytest.skip(f"real data is not here: {source}")

    class Count(osmium.SimpleHandler):
        trees = areas = closed_ways = relations = 0

        def node(self, node):
            self.trees += node.tags.get("natural") == "tree"

        def area(self, area):
            self.areas += "building" in area.tags

        def way(self, way):
            self.closed_ways += "building" in way.tags and way.is_closed()

        def relation(self, relation):
            self.relations += "building" in relation.tags

    count = Count()
    count.apply_file(str(source), locations=True)
    rules = RULES.replace("natural: wood", "natural: none")
    (folder / "own.yaml").write_text(rules)
    result = result_of("rasterize", source, "--rules", folder / "own.yaml", "--bbox", 24.7, 60.0, 25.2, 60.3, "--gsd", 20, "-o", folder / "l.tif")
    found = {rule["rule"]: rule["drawn"] + rule["outside"] + rule["broken"] for rule in result["rules"]}
    assert found["trees"] == count.trees > 100
    # The extract cut some outlines: osmium leaves those out, OGR keeps what is left of some.
    assert 400 < count.areas <= found["houses"] + result["broken"] <= count.closed_ways + count.relations + result["broken"]


def test_index_gives_every_place_labels_on_its_hr_grid(folder):
    things = objects(6)
    source = geojson(folder / "a.geojson", things)
    (folder / "rules.yaml").write_text(RULES)
    (folder / "images").mkdir()
    values = numpy.random.default_rng(0).integers(1, 255, (3, 200, 200)).astype("uint8")
    for name, left in (("here", ORIGIN[0]), ("far", ORIGIN[0] + 90000)):
        profile = {"driver": "GTiff", "crs": UTM, "width": 200, "height": 200, "count": 3, "dtype": "uint8", "photometric": "rgb"}
        with rasterio.open(folder / "images" / f"{name}.tif", "w", transform=rasterio.transform.from_origin(left, ORIGIN[1], 1, 1), **profile) as raster:
            raster.write(values)
    result_of("index", folder / "images", "--osm", source, "--rules", folder / "rules.yaml", "-o", folder / "dataset")
    places = {place["id"]: place for place in map(json.loads, (folder / "dataset" / "index.jsonl").read_text().splitlines())}
    (labelled,) = [place for place in places.values() if "label" in place]
    assert "here" in labelled["id"] and len(places) == 2
    assert_equal_but_on_outlines(labels_of(folder / "dataset" / labelled["label"]), things)
    assert json.loads((folder / "dataset" / "label-classes.json").read_text())["classes"] == ["house", "road", "wood", "tree", "sea"]
    report = json.loads((folder / "dataset" / "index-report.json").read_text())
    assert report["labels"] == 1 and any("draw nothing there" in item["reason"] for item in report["skipped"])


def test_places_cut_from_a_scene_have_labels_on_their_own_ground(folder):
    source = geojson(folder / "a.geojson", objects(7))
    (folder / "rules.yaml").write_text(RULES)
    (folder / "images").mkdir()
    profile = {"driver": "GTiff", "crs": UTM, "width": 200, "height": 200, "count": 3, "dtype": "uint8", "photometric": "rgb"}
    with rasterio.open(folder / "images" / "scene.tif", "w", transform=rasterio.transform.from_origin(*ORIGIN, 1, 1), **profile) as raster:
        raster.write(numpy.random.default_rng(0).integers(1, 255, (3, 200, 200)).astype("uint8"))
    whole, _ = rasterized(folder, source, "--like", folder / "images" / "scene.tif")
    result_of("index", folder / "images", "--place-size", 100, "--osm", source, "--rules", folder / "rules.yaml", "-o", folder / "dataset")
    places = [json.loads(line) for line in (folder / "dataset" / "index.jsonl").read_text().splitlines()]
    assert len(places) == 4
    for place in places:
        with rasterio.open(folder / "dataset" / place["label"]) as raster:
            column, row = round(raster.bounds.left - ORIGIN[0]), round(ORIGIN[1] - raster.bounds.top)
            numpy.testing.assert_array_equal(raster.read(1), whole[row : row + 100, column : column + 100])


def test_the_programs_own_rules_can_be_dumped_edited_and_given_back(folder):
    dumped = run("rasterize", "--dump-rules")
    assert dumped.returncode == 0 and dumped.stdout.startswith("# How OpenStreetMap objects become")
    (folder / "rules.yaml").write_text(dumped.stdout)
    source, like = geojson(folder / "a.geojson", objects(1)), scene(folder / "scene.tif")
    results = [result_of("rasterize", source, "--like", like, "-o", folder / f"{len(more)}.tif", *more) for more in ([], ["--rules", folder / "rules.yaml"])]
    numpy.testing.assert_array_equal(labels_of(folder / "0.tif"), labels_of(folder / "2.tif"))
    assert results[0]["pixels"] == results[1]["pixels"] and results[0]["pixels"]["building"] > 0


def test_refusals_say_what_where_and_what_to_do(folder):
    source, like, out = geojson(folder / "a.geojson", objects(1)), scene(folder / "scene.tif"), folder / "out.tif"
    refuse = lambda *arguments, **kind: refusal_of("rasterize", *arguments, **kind)
    assert "--like" in refuse(source, "-o", out, code=WRONG_USAGE)
    assert "-o is missing" in refuse(source, "--like", like, code=WRONG_USAGE)
    assert "--gsd" in refuse(source, "--bbox", 15, 46, 15.1, 46.1, "-o", out, code=WRONG_USAGE)
    assert "west < east" in refuse(source, "--bbox", 15, 46, 14, 46.1, "--gsd", 1, "-o", out, code=WRONG_USAGE)
    assert "gone.osm.pbf" in refuse(folder / "gone.osm.pbf", "--like", like, "-o", out)
    (folder / "rules.yaml").write_text(RULES.replace("order: 2", "oder: 2"))
    message = refuse(source, "--like", like, "-o", out, "--rules", folder / "rules.yaml", code=WRONG_USAGE)
    assert "rules.yaml: rule 2 'roads': unknown key 'oder'; did you mean 'order'?" in message
    whole = write_osm(folder / "a.osm.pbf", objects(2)).read_bytes()
    (folder / "cut.osm.pbf").write_bytes(whole[: len(whole) * 2 // 3])
    assert "cut.osm.pbf" in refuse(folder / "cut.osm.pbf", "--like", like, "-o", out)
    out.write_text("precious")
    assert "--overwrite" in refuse(source, "--like", like, "-o", out)
    assert out.read_text() == "precious" and sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []
