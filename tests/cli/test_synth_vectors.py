"""The OpenStreetMap data of skysense synth: read by pyosmium and SQLite, and drawn again beside the land cover."""

import collections
import pathlib
import sqlite3

import numpy
import osmium
import pytest
import rasterio
from conftest import result_of


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> pathlib.Path:
    """Three places of every class at 1.25 m."""
    out = tmp_path_factory.mktemp("synth") / "vectors"
    result_of("synth", "-o", out, "--places", 36, "--ms-dates", 0, "--sar-dates", 0, "--labels", "vectors,hr_cover")
    return out


def tags_of_geopackage(file: pathlib.Path, layer: str) -> collections.Counter:
    with sqlite3.connect(file) as database:
        return collections.Counter(tags for (tags,) in database.execute(f"select all_tags from {layer}"))


def as_hstore(tags) -> str:
    return ",".join(f'"{tag.k}"=>"{tag.v}"' for tag in sorted(tags, key=lambda tag: tag.k) if tag.k != "type")


def test_pyosmium_reads_the_lines_and_areas_of_the_geopackage(world):
    lines, areas = collections.Counter(), collections.Counter()
    for thing in osmium.FileProcessor(str(world / "map.osm")).with_areas():
        if thing.is_area():
            areas[as_hstore(thing.tags)] += 1
        elif thing.is_way() and len(thing.tags) > 0 and not thing.is_closed():
            lines[as_hstore(thing.tags)] += 1
    assert areas == tags_of_geopackage(world / "map.gpkg", "multipolygons")
    assert lines == tags_of_geopackage(world / "map.gpkg", "lines")
    kinds = {key.split(",")[0] for key in (*lines, *areas)}
    assert {'"building"=>"yes"', '"highway"=>"residential"', '"highway"=>"motorway"', '"railway"=>"rail"', '"aeroway"=>"runway"',
            '"natural"=>"water"', '"natural"=>"wood"', '"landuse"=>"farmland"', '"leisure"=>"pitch"', '"man_made"=>"bridge"',
            '"man_made"=>"storage_tank"', '"leisure"=>"swimming_pool"'} <= kinds  # fmt: skip
    assert not list(world.glob(".*")), "no temporary file is left"


def drawn(world, source: str, place: str, out: pathlib.Path) -> numpy.ndarray:
    result_of("rasterize", world / source, "--like", world / "places" / place / "hr.tif", "-o", out, "--overwrite")
    with rasterio.open(out) as raster:
        return raster.read(1)


def test_drawing_the_vectors_gives_the_land_cover_again(world, folder):
    """By the program's own rules: classes 0 water, 5 farmland, 13 building, 14 road, 16 railway, 17 airport, 18 path."""
    shared, mapped, true = collections.Counter(), collections.Counter(), collections.Counter()
    for number in range(36):
        place = f"train-{number:06}"
        labels = drawn(world, "map.osm", place, folder / "osm.tif")
        if number < 4:
            # Coordinates of .osm have seven decimals, and straightened outlines run through the middles of many pixels:
            # these may fall to either side.
            assert (labels != drawn(world, "map.gpkg", place, folder / "gpkg.tif")).mean() < 0.02
        with rasterio.open(world / "places" / place / "hr_cover.tif") as raster:
            cover = raster.read(1)
        for name, drawn_as, is_cover in (("water", [0], [0]), ("farmland", [5], [3]), ("building", [13], [5]),
                                         ("ways", [14, 16, 17, 18], [4, 6])):  # fmt: skip
            on_map, on_ground = numpy.isin(labels, drawn_as), numpy.isin(cover, is_cover)
            shared[name] += (on_map & on_ground).sum()
            mapped[name] += on_map.sum()
            true[name] += on_ground.sum()
    # Buildings are outlined in HR pixels, water at 10 m; fields come without their trees and tracks.
    for name, precision, recall in (("building", 0.97, 0.97), ("water", 0.9, 0.9), ("farmland", 0.7, 0.9), ("ways", 0.9, 0.05)):
        assert shared[name] / mapped[name] > precision, name
        assert shared[name] / true[name] > recall, name
