"""What others read of the tiny data sets of dataset_files: torchgeo where it has the data set (RESISC-45, UC Merced, EuroSAT,
BigEarthNet, LoveDA, LEVIR-CD, OSCD, Potsdam, PASTIS-R), else rasterio, Pillow and NumPy by the published rule.

For a sample NAME: "NAME:hr" ("ms", "sar") [T, C, H, W] in physical values, "NAME:hr.days" [T] days of the year (0: no date),
"NAME:label"; for a split "split:train": how many samples it has; "tolerance:hr": the largest difference from an image value that
is not the reader's fault (JPEG decoders, whole numbers that the other reader rounds to).
"""

import datetime
import json
import pathlib
import shutil

import numpy as np
import rasterio
import rasterio.features
import torch
from PIL import Image
from torchgeo.datasets import LEVIRCD, OSCD, PASTIS, BigEarthNet, EuroSAT, LoveDA, Potsdam2D, RESISC45, UCMerced

from parity import dataset_files as files

BYTE, DN = 1 / 255, 1e-4
TEN = ["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"]
L1C_TEN = [files.L1C_BANDS.index(band) for band in TEN]
L2A_TEN = [[band for band in files.L1C_BANDS if band != "B10"].index(band) for band in TEN]


class Expected:
    def __init__(self) -> None:
        self.tensors: dict[str, torch.Tensor] = {}

    def split(self, name: str, samples: int) -> None:
        self.tensors[f"split:{name}"] = torch.tensor(samples)

    def image(self, name: str, modality: str, values, scale: float = BYTE, days: list[int] | None = None, offset: float = 0) -> None:
        values = torch.as_tensor(np.asarray(values), dtype=torch.float64)
        values = values if values.ndim == 4 else values[None]
        self.tensors[f"{name}:{modality}"] = (values * scale + offset).float()
        self.tensors[f"{name}:{modality}.days"] = torch.tensor(days or [0] * values.shape[0])

    def label(self, name: str, label) -> None:
        self.tensors[f"{name}:label"] = torch.as_tensor(np.asarray(label), dtype=torch.int64)

    def tolerance(self, modality: str, value: float) -> None:
        self.tensors[f"tolerance:{modality}"] = torch.tensor(value, dtype=torch.float64)


def day(text: str) -> int:
    return datetime.date.fromisoformat(text).timetuple().tm_yday


def raster(path: pathlib.Path) -> np.ndarray:
    with rasterio.open(path) as file:
        return file.read().astype("float64")


def pixels(path: pathlib.Path) -> np.ndarray:
    return np.moveaxis(np.array(Image.open(path).convert("RGB")), -1, 0)


def colour_classes(path: pathlib.Path, colours: list[tuple[int, int, int]]) -> np.ndarray:
    values = np.moveaxis(pixels(path), 0, -1)
    return np.array([[colours.index(tuple(int(c) for c in pixel)) for pixel in row] for row in values])


def shifted(mask: torch.Tensor, ignored: int = 0) -> np.ndarray:
    """Class numbers one lower, `ignored` as -1."""
    return np.where(mask.numpy() == ignored, -1, mask.numpy() - 1)


def name_of(path: str | pathlib.Path) -> str:
    """CLASS/FILE, as the class folders' samples are called."""
    return "/".join(pathlib.Path(path).parts[-2:])


def from_class_folders(expected: Expected, make, modality: str, scale: float, bands: list[int] | None = None) -> None:
    for split in ("train", "val", "test"):
        dataset = make(split)
        expected.split(split, len(dataset))
        for i, (path, label) in enumerate(dataset.samples):
            image = dataset[i]["image"]
            expected.image(name_of(path), modality, image[bands] if bands else image, scale)
            expected.label(name_of(path), label)


def resisc45(root, rng, expected):
    files.class_folders(root / "NWPU-RESISC45", rng, ["airplane", "lake"], ".jpg", str(root / "resisc45-{}.txt"))
    from_class_folders(expected, lambda split: RESISC45(root, split), "hr", BYTE)
    expected.tolerance("hr", 4 * BYTE)  # two JPEG decoders


def uc_merced(root, rng, expected):
    files.class_folders(root / "UCMerced_LandUse" / "Images", rng, ["beach", "river"], ".tif", str(root / "uc_merced-{}.txt"), side=256)
    from_class_folders(expected, lambda split: UCMerced(root, split), "hr", BYTE)


def eurosat_ms(root, rng, expected):
    folder = root / "ds/images/remote_sensing/otherDatasets/sentinel_2/tif"
    files.class_folders(folder, rng, ["Forest", "River"], ".tif", str(root / "eurosat-{}.txt"), bands=13)
    order = EuroSAT.all_band_names
    from_class_folders(expected, lambda split: EuroSAT(root, split), "ms", DN, [order.index(band) for band in TEN])


def aid(root, rng, expected):
    files.class_folders(root, rng, ["Airport", "Pond"], ".png", images=5)
    expected.split("train", 2), expected.split("val", 0), expected.split("test", 8)  # 20% of each class
    for k, name in enumerate(("Airport", "Pond")):
        for file in sorted((root / name).iterdir()):
            expected.image(name_of(file), "hr", pixels(file))
            expected.label(name_of(file), k)


def written_class_folders(folder, rng, expected, classes, suffix, lists):
    files.class_folders(folder, rng, classes, suffix, lists)
    expected.split("train", 4), expected.split("val", 2), expected.split("test", 2)
    for k, name in enumerate(classes):
        for file in (folder / name).iterdir():
            expected.image(name_of(file), "hr", pixels(file))
            expected.label(name_of(file), k)


def eurosat_rgb(root, rng, expected):
    written_class_folders(root / "2750", rng, expected, ["Forest", "River"], ".png", str(root / "eurosat-{}.txt"))


def class_folders(root, rng, expected):
    written_class_folders(root, rng, expected, ["a", "b"], ".png", str(root / "{}.txt"))


def change_pairs(root, rng, expected):
    files.levir_cd(root, rng)
    for split in ("train", "val", "test"):
        expected.split(split, 2)
    for label in (root / "label").iterdir():
        expected.image(label.name, "hr", [pixels(root / folder / label.name) for folder in ("A", "B")])
        expected.label(label.name, np.array(Image.open(label)) // 255)


def bigearthnet_s2(root, rng, expected):
    files.bigearthnet(root, rng)
    for split in ("train", "val", "test"):
        dataset = BigEarthNet(root, split, bands="s2")
        expected.split(split, len(dataset))
        for i, folder in enumerate(dataset.folders):
            name, sample = pathlib.Path(folder["s2"]).name, dataset[i]
            expected.image(name, "ms", sample["image"][L2A_TEN], DN, [day(f"{name[11:15]}-{name[15:17]}-{name[17:19]}")])
            expected.label(name, sample["label"])
    expected.tolerance("ms", 0.51 * DN)  # torchgeo rounds what it resamples


def bigearthnet_mm(root, rng, expected):
    bigearthnet_s2(root, rng, expected)
    for split in ("train", "val", "test"):
        s2, s1 = (root / f"bigearthnet-{split}.csv").read_text().strip().split(",")
        radar = np.concatenate([raster(root / "BigEarthNet-S1-v1.0" / s1 / f"{s1}_{band}.tif") for band in ("VV", "VH")])
        expected.image(s2, "sar", radar, 1, [day(f"{s1[17:21]}-{s1[21:23]}-{s1[23:25]}")])


def fmow_s2(root, rng, expected):
    files.fmow_sentinel2(root, rng)
    for split, folder in (("train", "train"), ("val", "val"), ("test", "test_gt")):
        expected.split(split, 2)
        for k, category in enumerate(("airport", "zoo")):
            place = root / "fmow-sentinel" / folder / category / f"{category}_3"
            series = [raster(place / f"{category}_3_{image}.tif")[L1C_TEN] for image in (7, 100)]  # 2016, 2017
            expected.image(f"{split}/{category}_3", "ms", series, DN, [day("2016-03-01"), day("2017-03-01")])
            expected.label(f"{split}/{category}_3", k)


def isaid(root, rng, expected):
    files.isaid(root, rng)
    for split in ("train", "val", "test"):
        expected.split(split, 1)
        expected.image(f"{split}/P0001", "hr", pixels(root / split / "images" / "P0001.png"))
        if split != "test":
            (mask,) = (root / split).rglob("*_instance_color_RGB.png")
            expected.label(f"{split}/P0001", colour_classes(mask, files.ISAID_COLOURS))


def potsdam(root, rng, expected):
    files.potsdam(root, rng)
    for split in ("train", "test"):
        dataset = Potsdam2D(root, split)
        expected.split(split, len(dataset))
        for i, paths in enumerate(dataset.files):
            name = pathlib.Path(paths["image"]).name.removeprefix("top_potsdam_").removesuffix("_RGBIR.tif")
            expected.image(name, "hr", dataset[i]["image"][[3, 0, 1]])
            expected.label(name, shifted(dataset[i]["mask"]))


def loveda(root, rng, expected):
    files.loveda(root, rng)
    for split in ("train", "val", "test"):
        dataset = LoveDA(root, split)
        expected.split(split, len(dataset))
        for i, paths in enumerate(dataset.files):
            parts = pathlib.Path(paths["image"]).parts
            name, sample = f"{parts[-4]}/{parts[-3]}/{parts[-1]}", dataset[i]
            expected.image(name, "hr", sample["image"])
            if "mask" in sample:
                expected.label(name, shifted(sample["mask"]))


def levir_cd(root, rng, expected):
    files.levir_cd(root, rng)
    for split in ("train", "val", "test"):
        dataset = LEVIRCD(root, split)
        expected.split(split, len(dataset))
        for i, paths in enumerate(dataset.files):
            expected.image(pathlib.Path(paths["image1"]).name, "hr", dataset[i]["image"])
            expected.label(pathlib.Path(paths["image1"]).name, dataset[i]["mask"][0])


def oscd(root, rng, expected):
    files.oscd(root, rng)
    for split in ("train", "test"):
        dataset = OSCD(root, split)
        expected.split(split, len(dataset))
        for i, paths in enumerate(dataset.files):
            expected.image(paths["region"], "ms", dataset[i]["image"][:, L1C_TEN], DN, [day("2016-08-09"), day("2018-03-21")])
            expected.label(paths["region"], dataset[i]["mask"][0])


def dynamic_earthnet(root, rng, expected):
    files.dynamic_earthnet(root, rng)
    for split in ("train", "val", "test"):
        lines = (root / "dynnet_training_splits" / f"{split}.txt").read_text().split("\n")[:-1]
        expected.split(split, len(lines))
        for line in lines:
            planet, label, month = line.split()
            cube = planet.split("/")[-2]
            name, first = f"{cube}/{month}", [day(f"{month}-01")]
            expected.image(name, "hr", raster(root / planet[1:] / f"{month}-01.tif"), DN, first)
            expected.image(name, "ms", raster(root / "sentinel2" / cube / f"{cube}_{month.replace('-', '_')}.tif")[L2A_TEN], DN, first)
            expected.image(name, "sar", raster(root / "sentinel1" / cube / f"{cube}_{month}.tif"), 1, first)
            classes = raster(root / label[1:]).argmax(0)
            expected.label(name, np.where(classes == 6, -1, classes))


def pastis_mm(root, rng, expected):
    files.pastis(root / "PASTIS-R", rng)
    spot = root / "PASTIS-R" / "DATA_SPOT" / "PASTIS_SPOT6_RVB_1M00_2019"
    read_pastis(root, expected, lambda patch: raster(spot / f"SPOT6_RVB_1M00_2019_{patch}.tif"))


def pastis_mm_hr(root, rng, expected):
    files.pastis(root / "PASTIS-R", rng, side=4, hr=32)
    read_pastis(root, expected, lambda patch: pixels(root / "PASTIS-R" / "DATA_HR" / f"HR_{patch}.png"))


def read_pastis(root, expected, hr_of):
    folds = {"train": (1, 2, 3), "val": (4,), "test": (5,)}
    days = {"s2": ["2018-09-24", "2018-10-04", "2019-01-15"], "s1a": ["2018-09-02", "2019-01-01"], "s1d": ["2018-10-01", "2018-11-20"]}
    for split, fold in folds.items():
        by_sensor = {sensor: PASTIS(root, fold, bands=sensor) for sensor in days}
        expected.split(split, len(by_sensor["s2"]))
        for i, patch in enumerate(by_sensor["s2"].idxs):
            optical = by_sensor["s2"][i]
            expected.image(str(patch), "ms", optical["image"], DN, [day(d) for d in days["s2"]])
            radar = torch.cat([by_sensor["s1a"][i]["image"], by_sensor["s1d"][i]["image"]])[:, :2]
            dates = days["s1a"] + days["s1d"]
            order = np.argsort(dates, kind="stable")
            expected.image(str(patch), "sar", radar[order], 1, [day(dates[k]) for k in order])
            expected.image(str(patch), "hr", hr_of(patch))
            expected.label(str(patch), np.where(optical["mask"] == 19, -1, optical["mask"]))


def five_billion_pixels(root, rng, expected):
    files.five_billion_pixels(root, rng)
    expected.split("train", 2), expected.split("val", 1)
    for image in (root / "Image__8bit_NirRGB").iterdir():
        with Image.open(image) as file:  # Pillow leaves the four inks as they are stored
            expected.image(image.stem, "hr", np.moveaxis(np.array(file), -1, 0))
        mask = np.array(Image.open(root / "Annotation__index" / f"{image.stem}_24label.png")).astype(int)
        expected.label(image.stem, mask - 1)


def sparcs(root, rng, expected):
    files.sparcs(root, rng)
    expected.split("train", 4), expected.split("test", 1)  # 80%
    for image in (root / "sending").glob("*_data.tif"):
        scene = image.name.removesuffix("_data.tif")
        expected.image(scene, "ms", raster(image)[:8], 2e-5, offset=-0.1)
        expected.label(scene, np.array(Image.open(root / "sending" / f"{scene}_mask.png")))


def air_polsar_seg(root, rng, expected):
    files.air_polsar_seg(root, rng)
    expected.split("train", 2), expected.split("test", 1)
    for label in root.rglob("*_gt.png"):
        place = label.name.removesuffix("_gt.png")
        name = f"{label.parts[-3]}/images/{place}_*"
        bands = np.concatenate([raster(label.parent / f"{place}_{band}.tiff") for band in ("HH", "HV", "VH", "VV")])
        expected.image(name, "sar", bands, 1)
        expected.label(name, colour_classes(label, files.APS_COLOURS))


def image_masks(root, rng, expected):
    files.image_masks(root, rng)
    for split in ("train", "test"):
        expected.split(split, 1)
        expected.image(f"{split}/a.png", "hr", pixels(root / "images" / split / "a.png"))
        mask = np.array(Image.open(root / "masks" / split / "a.png")).astype(int)
        expected.label(f"{split}/a.png", np.where(mask == 255, -1, mask))


def semantic_change_pairs(root, rng, expected):
    files.semantic_change_pairs(root, rng)
    expected.split("train", 1)
    expected.image("train/7.png", "hr", [pixels(root / "train" / folder / "7.png") for folder in ("im1", "im2")])
    expected.label("train/7.png", [np.array(Image.open(root / "train" / folder / "7.png")) for folder in ("label1", "label2")])


def vector_labels(root, rng, expected):
    files.vector_labels(root, rng)
    expected.split("train", 1)
    with rasterio.open(root / "images" / "train" / "a.tif") as image:
        expected.image("train/a.tif", "hr", image.read())
        shapes = json.loads((root / "labels" / "train" / "a.geojson").read_text())["features"]
        classes = {"building": 1, "road": 2}
        drawn = [(shape["geometry"], classes[shape["properties"]["kind"]]) for shape in shapes]
        expected.label("train/a.tif", rasterio.features.rasterize(drawn, image.shape, transform=image.transform))


LAYOUTS = {
    "aid": aid, "resisc45": resisc45, "uc-merced": uc_merced, "eurosat-ms": eurosat_ms, "bigearthnet-s2": bigearthnet_s2,
    "bigearthnet-mm": bigearthnet_mm, "fmow-s2": fmow_s2, "isaid": isaid, "potsdam": potsdam, "loveda": loveda, "levir-cd": levir_cd,
    "oscd": oscd, "dynamic-earthnet": dynamic_earthnet, "pastis-mm": pastis_mm, "five-billion-pixels": five_billion_pixels,
    "sparcs": sparcs, "air-polsar-seg": air_polsar_seg, "image-masks": image_masks, "semantic-change-pairs": semantic_change_pairs,
    "vector-labels": vector_labels, "eurosat-rgb": eurosat_rgb, "class-folders": class_folders, "change-pairs": change_pairs,
    "pastis-mm-hr": pastis_mm_hr,
}


def fixtures_in(folder: pathlib.Path) -> dict[str, dict[str, torch.Tensor]]:
    """Data sets in folder/datasets/NAME, and what to expect of each."""
    shutil.rmtree(folder / "datasets", ignore_errors=True)
    found = {}
    for number, (name, write) in enumerate(LAYOUTS.items()):
        root = folder / "datasets" / name
        root.mkdir(parents=True)
        expected = Expected()
        write(root, np.random.default_rng(number), expected)
        found[f"dataset_{name}"] = expected.tensors
    return found
