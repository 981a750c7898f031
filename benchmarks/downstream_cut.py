"""Writes real scenes as dataset folders of places. Few large ones are cut into tiles: the left part of each scene to learn from,
the right part to test on, a column of tiles between them left out. Needs rasterio."""

import dataclasses
import json
import pathlib
import subprocess
from collections.abc import Iterable, Iterator

import numpy
import rasterio
from rasterio.transform import from_origin

TRAIN_SHARE = 0.6  # of a scene's columns of tiles


@dataclasses.dataclass
class Image:
    """One image of a scene: bands [C, H, W] over the scene's ground."""

    modality: str
    bands: numpy.ndarray
    date: str | None = None
    names: str | None = None  # "B02=2,…": which of them are the contract's


@dataclasses.dataclass
class Scene:
    name: str
    images: list[Image]
    label: numpy.ndarray  # [H, W]
    nodata: int | None = None  # of the label


def contract_of(program: str, sensors: tuple[str, ...], folder: pathlib.Path) -> dict:
    """The sensors as Synthetic Earth has them, with the statistics that the pre-trained model knows."""
    subprocess.run([program, "synth", "-o", str(folder), "--places", "1", "--size", "8", "--ms-dates", "1", "--sar-dates", "1", "--overwrite"],
                   check=True, capture_output=True)
    contract = json.loads((folder / "contract.json").read_text())
    contract["sensors"] = {name: contract["sensors"][name] for name in sensors}
    return contract


def save(path: pathlib.Path, bands: numpy.ndarray, pixel: float, nodata: int | None = None) -> None:
    """Every tile begins at the same corner: only that its rasters lie on each other matters."""
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {"driver": "GTiff", "dtype": bands.dtype.name, "count": len(bands), "height": bands.shape[1], "width": bands.shape[2],
               "nodata": nodata, "crs": "EPSG:32631", "transform": from_origin(500000, 5600000, pixel, pixel)}
    with rasterio.open(path, "w", **profile) as file:
        file.write(bands)


def split_of(column: int, columns: int) -> str | None:
    learnt = max(1, round(TRAIN_SHARE * columns))
    return "train" if column < learnt else None if column == learnt and columns > 2 else "test"


def tiles_of(scene: Scene, side: int) -> Iterator[tuple[str, Scene]]:
    """The scene's tiles of `side` pixels, each with the split that it belongs to."""
    rows, columns = (length // side for length in scene.label.shape)
    for row in range(rows):
        for column in range(columns):
            if split := split_of(column, columns):
                window = (slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side))
                images = [dataclasses.replace(image, bands=image.bands[:, *window]) for image in scene.images]
                yield split, Scene(f"{scene.name}-{row}-{column}", images, scene.label[window], scene.nodata)


def place_of(scene: Scene, folder: pathlib.Path, pixel: float) -> dict:
    """Writes one place; its line of the index."""
    place: dict = {"id": scene.name, "label": f"{scene.name}/label.tif"}
    save(folder / place["label"], scene.label[None].astype("uint8"), pixel, scene.nodata)
    for number, image in enumerate(scene.images):
        entry = {"path": f"{scene.name}/{image.modality}-{number}.tif"}
        save(folder / entry["path"], image.bands, pixel)
        entry |= {"date": image.date} if image.date else {}
        entry |= {"bands": image.names} if image.names else {}
        place.setdefault(image.modality, []).append(entry)
    return place


def write_places(out: pathlib.Path, places: Iterable[tuple[str, Scene]], classes: list[str], contract: dict, pixel: float) -> None:
    """OUT with the places to learn from and OUT/test; each comes with its split; `pixel` in metres."""
    folders = {"train": out, "test": out / "test"}
    lines: dict[str, list[dict]] = {split: [] for split in folders}
    for split, scene in places:
        lines[split].append(place_of(scene, folders[split], pixel))
    for split, folder in folders.items():
        (folder / "contract.json").write_text(json.dumps(contract))
        (folder / "label-classes.json").write_text(json.dumps({"format_version": 1, "classes": classes}))
        (folder / "index.jsonl").write_text("".join(json.dumps(place) + "\n" for place in lines[split]))  # last: its presence says all is there
