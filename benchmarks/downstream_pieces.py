"""Real pieces as dataset folders of places: what downstream.py --real learns from and is tested on. Needs rasterio, and pyarrow for
WorldCereal's table."""

import datetime
import pathlib
from collections.abc import Iterator

import numpy
import rasterio
from downstream_cut import Image, Scene, contract_of, tiles_of, write_places

LULC = ["nodata", *(f"land cover {number}" for number in range(1, 10))]  # TerraMesh's codes
LOVEDA = ["nodata", "background", "building", "road", "water", "barren", "forest", "agriculture"]
CROPS = ["sorghum", "maize", "other_oilseeds", "trees_mixed", "dry_pulses_legumes", "other"]  # WorldCereal's names; the last: all rarer ones
BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
S2L2A = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")  # of TerraMesh

PIXEL_SIDE = 4  # of the places that a pixel's series becomes: the same values everywhere
BLOCK = 0.2  # degrees: fields of one block are all learnt from, or all tested on
ABSENT = 65535


def open_raster(path: pathlib.Path) -> numpy.ndarray:
    with rasterio.open(path) as file:
        return file.read()


def loveda(data: pathlib.Path) -> Iterator[tuple[str, Scene]]:
    for file in sorted((data / "img_dir").rglob("*.png")):
        label = open_raster(data / "ann_dir" / file.name)[0]
        yield from tiles_of(Scene(file.stem, [Image("hr", open_raster(file))], label, nodata=0), 128)


def terramind(data: pathlib.Path) -> Iterator[tuple[str, Scene]]:
    names = ",".join(f"{band}={S2L2A.index(band) + 1}" for band in BANDS)
    for file in sorted((data / "LULC").glob("*.tif")):
        images = [Image("ms", open_raster(data / "S2L2A" / file.name), names=names),
                  Image("sar", open_raster(data / "S1RTC" / file.name).astype("float32"), names="VV=1,VH=2")]
        yield from tiles_of(Scene(file.stem, images, open_raster(file)[0], nodata=0), 28)


def months_from(start: str) -> list[str]:
    """The middles of twelve months, the first that of `start`."""
    first = datetime.date.fromisoformat(start)
    return [datetime.date(first.year + (first.month - 1 + step) // 12, (first.month - 1 + step) % 12 + 1, 15).isoformat() for step in range(12)]


def series_of(row: dict) -> list[Image]:
    """A pixel's composites of twelve months; months that lack a band are left out. Radar: 20 log10(DN) - 83 decibels."""
    images = []
    for step, date in enumerate(months_from(row["start_date"])):
        optical = [row[f"OPTICAL-{band}-ts{step}-{10 if band in ('B02', 'B03', 'B04', 'B08') else 20}m"] for band in BANDS]
        radar = [row[f"SAR-{band}-ts{step}-20m"] for band in ("VV", "VH")]
        side = numpy.ones((1, PIXEL_SIDE, PIXEL_SIDE))
        if ABSENT not in optical:
            images.append(Image("ms", (numpy.array(optical)[:, None, None] * side).astype("uint16"), date))
        if ABSENT not in radar:
            images.append(Image("sar", (20 * numpy.log10(numpy.array(radar))[:, None, None] * side - 83).astype("float32"), date))
    return images


def worldcereal(data: pathlib.Path) -> Iterator[tuple[str, Scene]]:
    """Pixels that people labelled, in South Sudan and Uganda in 2017. Every third block, as latitude and longitude count them, is for testing."""
    from pyarrow import parquet

    for number, row in enumerate(parquet.read_table(data / "test_public_extractions.parquet").to_pylist()):
        label = CROPS.index(row["sampling_label"] if row["sampling_label"] in CROPS else "other")
        block = int(row["lat"] // BLOCK) + int(row["lon"] // BLOCK)
        yield "test" if block % 3 == 0 else "train", Scene(f"pixel-{number}", series_of(row), numpy.full((PIXEL_SIDE, PIXEL_SIDE), label))


# How, with which classes and sensors, and the side of a pixel in metres.
MAKERS = {"mmseg_loveda": (loveda, LOVEDA, ("hr",), 0.3), "terramind_s1s2": (terramind, LULC, ("ms", "sar"), 10),
          "worldcereal_s1s2_ts": (worldcereal, CROPS, ("ms", "sar"), 10)}


def places_of(piece: str, data: pathlib.Path, out: pathlib.Path, program: str) -> None:
    """Writes OUT to learn from and OUT/test. Raises OSError for files that are not there."""
    make, classes, sensors, pixel = MAKERS[piece]
    write_places(out, make(data), classes, contract_of(program, sensors, out.parent / "contract"), pixel)
