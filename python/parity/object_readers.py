"""What others read of the tiny data sets of object_files: torchgeo (DIOR, FAIR1M, DOTA), pycocotools, torchvision (PASCAL VOC),
geopandas and rasterio; NumPy where there is none (DIOR-R).

For a sample NAME: "NAME:corners" [N, 4, 2] of oriented boxes, or "NAME:bounds" [N, 4] of upright ones, "NAME:classes" [N],
"NAME:ignored" [N]; for a split "split:train": how many samples it has.
"""

import contextlib
import io
import pathlib
import shutil
import tempfile
from xml.etree import ElementTree

import geopandas
import numpy as np
import rasterio
import torch
from pycocotools.coco import COCO
from torchgeo.datasets import DIOR, DOTA, FAIR1M
from torchvision.datasets import VOCDetection

from parity import object_files as files


class Expected:
    def __init__(self) -> None:
        self.tensors: dict[str, torch.Tensor] = {}

    def split(self, name: str, samples: int) -> None:
        self.tensors[f"split:{name}"] = torch.tensor(samples)

    def objects(self, name: str, kind: str, boxes, classes, ignored=None) -> None:
        boxes = torch.as_tensor(np.asarray(boxes), dtype=torch.float64)
        self.tensors[f"{name}:{kind}"] = boxes.reshape(-1, 4, 2) if kind == "corners" else boxes.reshape(-1, 4)
        self.tensors[f"{name}:classes"] = torch.as_tensor(np.asarray(classes), dtype=torch.int64)
        self.tensors[f"{name}:ignored"] = torch.as_tensor(np.asarray(ignored if ignored is not None else np.zeros(len(classes))), dtype=torch.int64)


def dior(root, rng, expected):
    files.dior(root, rng)
    for split in ("train", "val", "test"):
        dataset = DIOR(root, split)
        expected.split(split, len(dataset))
        for i in range(len(dataset)):
            stem, sample = pathlib.Path(dataset.sample_df["image_path"][i]).stem, dataset[i]
            if split != "test":  # VOC counts whole pixels from 1
                expected.objects(f"{split}/{stem}", "bounds", sample["bbox_xyxy"] - torch.tensor([1, 1, 0, 0]), sample["label"])


def dior_r(root, rng, expected):
    files.dior_r(root, rng)
    for number, split in enumerate(("train", "val", "test")):
        expected.split(split, 1)
        corners, classes = [], []
        tree = ElementTree.parse(root / "Annotations" / "Oriented Bounding Boxes" / f"{number + 1:05}.xml")
        for element in tree.getroot().iter("object"):
            corners.append([float(value.text) for value in element.find("robndbox")])
            classes.append(DIOR.classes.index(element.find("name").text.lower().replace("-", "")))
        expected.objects(f"{split}/{number + 1:05}", "corners", corners, classes)


def fair1m(root, rng, expected):
    files.fair1m(root, rng)
    for split, samples in (("train", 2), ("val", 1)):
        dataset = FAIR1M(root, split)
        assert len(dataset) == samples
        expected.split(split, samples)
        for i, file in enumerate(dataset.files):
            folder = pathlib.Path(file).relative_to(root).parent.parent
            expected.objects(f"{folder}/0", "corners", dataset[i]["bbox_xyxy"][:, :4], dataset[i]["label"])
    expected.split("test", 1)


def dota(root, rng, expected):
    files.dota(root, rng)
    for split in ("train", "val"):
        dataset = DOTA(root, split, version="2.0")
        expected.split(split, len(dataset))
        for i, path in enumerate(dataset.sample_df["image_path"]):
            labels = dataset[i]["labels"]
            expected.objects(f"{split}/{pathlib.Path(path).stem}", "corners", dataset[i]["bbox"], labels, labels == DOTA.classes.index("harbor"))


def coco(root, rng, expected):
    files.coco(root, rng)
    for split in ("train", "val"):
        with contextlib.redirect_stdout(io.StringIO()):
            document = COCO(root / "annotations" / f"instances_{split}2017.json")
        expected.split(split, len(document.imgs))
        order = sorted(document.cats)
        for number, image in document.imgs.items():
            found = document.loadAnns(document.getAnnIds(imgIds=number))
            boxes = np.array([annotation["bbox"] for annotation in found])
            boxes[:, 2:] += boxes[:, :2]
            expected.objects(f"{split}/{image['file_name']}", "bounds", boxes, [order.index(a["category_id"]) for a in found],
                             [a["iscrowd"] for a in found])


def voc(root, rng, expected):
    files.voc(root, rng)
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "VOCdevkit").mkdir()
        (pathlib.Path(folder) / "VOCdevkit" / "VOC2012").symlink_to(root.resolve())
        for split in ("train", "val"):
            dataset = VOCDetection(folder, year="2012", image_set=split)
            expected.split(split, len(dataset))
            for _, target in dataset:
                objects = target["annotation"]["object"]
                boxes = [[int(o["bndbox"]["xmin"]) - 1, int(o["bndbox"]["ymin"]) - 1, int(o["bndbox"]["xmax"]), int(o["bndbox"]["ymax"])] for o in objects]
                stem = pathlib.Path(target["annotation"]["filename"]).stem
                expected.objects(f"{split}/{stem}", "bounds", boxes, [["aeroplane", "person"].index(o["name"]) for o in objects],
                                 [int(o["difficult"]) for o in objects])
    expected.split("test", 1)


def image_boxes(root, rng, expected):
    files.image_boxes(root, rng)
    for split in ("train", "test"):
        expected.split(split, 1)
        (labels,) = (root / "labels" / split).iterdir()
        with rasterio.open(root / "images" / split / "a.tif") as image:
            frame = geopandas.read_file(labels).to_crs(image.crs)
            to_pixels = np.array(~image.transform).reshape(3, 3)[:2]
            corners = [[to_pixels @ [*point, 1] for point in list(shape.exterior.coords)[:4]] for shape in frame.geometry]
        expected.objects(f"{split}/a", "corners", corners, [["hut", "mast"].index(kind) for kind in frame["kind"]])


LAYOUTS = {"dior": dior, "dior-r": dior_r, "fair1m": fair1m, "dota-v2.0": dota, "coco": coco, "voc": voc, "image-boxes": image_boxes}


def fixtures_in(folder: pathlib.Path) -> dict[str, dict[str, torch.Tensor]]:
    """Data sets in folder/object_datasets/NAME, and what to expect of each."""
    shutil.rmtree(folder / "object_datasets", ignore_errors=True)
    found = {}
    for number, (name, make) in enumerate(LAYOUTS.items()):
        root = folder / "object_datasets" / name
        root.mkdir(parents=True)
        expected = Expected()
        make(root, np.random.default_rng(number), expected)
        found[f"objects_{name}"] = expected.tensors
    return found
