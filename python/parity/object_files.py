"""Tiny data sets of boxes in their published layouts, with random contents: one function a layout that fills a folder."""

import json
import pathlib
from xml.sax.saxutils import escape

import geopandas
import numpy as np
from shapely.geometry import Polygon

from parity.dataset_files import name_labels, picture, save_picture, save_raster

SIDE = 64


def rectangles(rng: np.random.Generator, count: int, turned: bool = True, decimals: int = 2) -> np.ndarray:
    """[count, 4, 2] corners, clockwise on the screen, inside an image of SIDE pixels."""
    centre, size = rng.uniform(20, SIDE - 20, (count, 1, 2)), rng.uniform(4, 13, (count, 1, 2))
    angle = rng.uniform(0, 2 * np.pi, count) if turned else np.zeros(count)
    turn = np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], -1).reshape(-1, 2, 2)  # rows: the axes
    unit = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return np.round(centre + (unit * size) @ turn, decimals)


def dota_line(corners: np.ndarray, name: str, difficult: int) -> str:
    return " ".join(f"{value:.2f}" for value in corners.reshape(-1)) + f" {name} {difficult}"


def voc_object(name: str, box=None, corners=None, difficult: int = 0) -> str:
    text = f"<object><name>{escape(name)}</name><pose>Unspecified</pose><truncated>0</truncated><difficult>{difficult}</difficult>"
    if box is not None:
        text += "<bndbox>" + "".join(f"<{key}>{int(v)}</{key}>" for key, v in zip(("xmin", "ymin", "xmax", "ymax"), box)) + "</bndbox>"
    if corners is not None:
        names = ("left_top", "right_top", "right_bottom", "left_bottom")
        text += "<robndbox>" + "".join(f"<x_{n}>{x:.2f}</x_{n}><y_{n}>{y:.2f}</y_{n}>" for n, (x, y) in zip(names, corners)) + "</robndbox>"
    return text + "</object>"


def voc_document(file: str, objects: list[str]) -> str:
    size = f"<size><width>{SIDE}</width><height>{SIDE}</height><depth>3</depth></size>"
    return f"<annotation><folder>x</folder><filename>{file}</filename>{size}<segmented>0</segmented>\n" + "\n".join(objects) + "\n</annotation>\n"


def write(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def whole_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    """[count, 4] whole numbers from 1: xmin, ymin, xmax, ymax."""
    low = rng.integers(1, SIDE - 20, (count, 2))
    return np.concatenate([low, low + rng.integers(2, 19, (count, 2))], 1)


def dior(root: pathlib.Path, rng: np.random.Generator) -> None:
    """As torchgeo stores it."""
    rows = ["image_path,label_path,split"]
    for number, split in enumerate(("train", "val", "test")):
        stem, part = f"{number + 1:05}", "test" if split == "test" else "trainval"
        image, label = f"Images_{part}/{stem}.jpg", f"Annotations_{part}/{stem}.xml"
        save_picture(root / image, picture(rng, SIDE))
        if split != "test":
            names = ["airplane", "ship", "windmill", "ship"]
            write(root / label, voc_document(f"{stem}.jpg", [voc_object(n, box) for n, box in zip(names, whole_boxes(rng, 4))]))
        rows.append(f"{image},{'' if split == 'test' else label},{split}")
    write(root / "sample_df.csv", "\n".join(rows) + "\n")


def dior_r(root: pathlib.Path, rng: np.random.Generator) -> None:
    for number, split in enumerate(("train", "val", "test")):
        stem, part = f"{number + 1:05}", "test" if split == "test" else "trainval"
        save_picture(root / f"JPEGImages-{part}" / f"{stem}.png", picture(rng, SIDE))
        names = ["vehicle", "Expressway-Service-area", "harbor"]
        objects = [voc_object(name, corners=corners) for name, corners in zip(names, rectangles(rng, 3))]
        write(root / "Annotations" / "Oriented Bounding Boxes" / f"{stem}.xml", voc_document(f"{stem}.jpg", objects))
        write(root / "ImageSets" / "Main" / f"{split}.txt", stem + "\n")


def fair1m(root: pathlib.Path, rng: np.random.Generator) -> None:
    def document(corners: np.ndarray, names: list[str]) -> str:
        objects = []
        for box, name in zip(corners, names):
            points = "".join(f"<point>{x:.6f},{y:.6f}</point>" for x, y in [*box, box[0]])
            objects.append(f"<object><coordinate>pixel</coordinate><type>rectangle</type><description>None</description><possibleresult>"
                           f"<name>{name}</name></possibleresult><points>{points}</points></object>")
        return ("<?xml version='1.0' encoding='utf-8'?>\n<annotation><source><filename>0.tif</filename><origin>GF2</origin></source>"
                f"<size><width>{SIDE}</width><height>{SIDE}</height><depth>3</depth></size><objects>" + "\n".join(objects) + "</objects></annotation>")

    for folder in ("train/part1", "train/part2", "validation", "test"):
        save_raster(root / folder / "images" / "0.tif", picture(rng, SIDE), 0.8)
        if folder != "test":
            write(root / folder / "labelXml" / "0.xml", document(rectangles(rng, 3, decimals=6), ["Boeing737", "Small Car", "Bridge"]))


def dota(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Version 2.0 as torchgeo stores it, beside version 1.0."""
    rows = ["image_path,annotation_path,split,version"]
    for split in ("train", "val"):
        for version in ("1.0", "2.0"):
            stem = f"P000{version[0]}"
            image, label = f"{split}/images/{stem}.png", f"{split}/annotations/version{version}/{stem}.txt"
            save_picture(root / image, picture(rng, SIDE))
            names = ["plane", "harbor", "swimming-pool"] + (["helipad"] if version == "2.0" else [])
            lines = [dota_line(corners, name, int(name == "harbor")) for corners, name in zip(rectangles(rng, len(names)), names)]
            write(root / label, "\n".join((["imagesource:GoogleEarth", "gsd:0.5"] if split == "train" else []) + lines) + "\n")
            rows.append(f"{image},{label},{split},{version}")
    write(root / "samples.csv", "\n".join(rows) + "\n")


def coco(root: pathlib.Path, rng: np.random.Generator) -> None:
    for split in ("train", "val"):
        images, annotations = [], []
        for number in range(2):
            file = f"{split}_{number}.png"
            save_picture(root / f"{split}2017" / file, picture(rng, SIDE))
            images.append({"id": 10 + number, "file_name": file, "width": SIDE, "height": SIDE})
            for corners in rectangles(rng, 3):
                low, high = corners.min(0), corners.max(0)
                annotations.append({"id": len(annotations) + 1, "image_id": 10 + number, "category_id": int(rng.choice([3, 8])),
                                    "bbox": [*low.tolist(), *(high - low).tolist()], "area": float(np.prod(high - low)),
                                    "iscrowd": int(len(annotations) == 4), "segmentation": [corners.reshape(-1).tolist()]})
        document = {"info": {}, "images": images, "annotations": annotations, "categories": [{"id": 8, "name": "ship"}, {"id": 3, "name": "crane"}]}
        write(root / "annotations" / f"instances_{split}2017.json", json.dumps(document))


def voc(root: pathlib.Path, rng: np.random.Generator) -> None:
    for number, split in enumerate(("train", "val", "test")):
        stem = f"2007_{number}"
        save_picture(root / "JPEGImages" / f"{stem}.jpg", picture(rng, SIDE))
        names = ["person", "aeroplane", "person"]
        objects = [voc_object(name, box, difficult=int(i == 2)) for i, (name, box) in enumerate(zip(names, whole_boxes(rng, 3)))]
        write(root / "Annotations" / f"{stem}.xml", voc_document(f"{stem}.jpg", objects))
        write(root / "ImageSets" / "Main" / f"{split}.txt", stem + "\n")


def image_boxes(root: pathlib.Path, rng: np.random.Generator) -> None:
    """Scenes in UTM, boxes on them in degrees: rectangles on the ground that the other reference system hardly bends."""
    for split in ("train", "test"):
        save_raster(root / "images" / split / "a.tif", picture(rng, SIDE), 2)
        corners = rectangles(rng, 4)
        shapes = [Polygon(box * [2, -2] + [5e5, 5.6e6]) for box in corners]
        frame = geopandas.GeoDataFrame({"kind": ["mast", "hut", "mast", "hut"]}, geometry=shapes, crs="EPSG:32631").to_crs("EPSG:4326")
        (root / "labels" / split).mkdir(parents=True)
        frame.to_file(root / "labels" / split / ("a.gpkg" if split == "train" else "a.geojson"))
    name_labels(root, ["hut", "mast"])
