"""Tiny data sets in their published layouts, with random contents: one function a layout that fills a folder."""

import json
import pathlib

import numpy as np
import rasterio
from PIL import Image
from rasterio.transform import from_origin

SENTINEL2_20M = ["B05", "B06", "B07", "B8A", "B11", "B12"]
SENTINEL2_60M = ["B01", "B09"]
L1C_BANDS = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"]
ISAID_COLOURS = [(0, 0, 0), (0, 0, 63), (0, 63, 63), (0, 63, 0), (0, 63, 127), (0, 63, 191), (0, 63, 255), (0, 127, 63), (0, 127, 127),
                 (0, 0, 127), (0, 0, 191), (0, 0, 255), (0, 191, 127), (0, 127, 191), (0, 127, 255), (0, 100, 155)]
POTSDAM_COLOURS = [(255, 0, 0), (255, 255, 255), (0, 0, 255), (0, 255, 255), (0, 255, 0), (255, 255, 0)]
APS_COLOURS = [(255, 255, 0), (0, 0, 255), (0, 255, 0), (255, 0, 0), (0, 255, 255), (255, 255, 255)]


def picture(rng: np.random.Generator, side: int = 16, bands: int = 3, dtype: str = "uint8") -> np.ndarray:
    return rng.integers(1, 250 if dtype == "uint8" else 5000, (bands, side, side)).astype(dtype)


def save_picture(path: pathlib.Path, values: np.ndarray) -> None:
    """[3, H, W] or [H, W] uint8 by Pillow."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.moveaxis(values, 0, -1) if values.ndim == 3 else values).save(path, **({"quality": 95} if path.suffix == ".jpg" else {}))


def save_raster(path: pathlib.Path, values: np.ndarray, pixel_m: float = 10, crs: str | None = "EPSG:32631", **profile) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = values if values.ndim == 3 else values[None]
    step = pixel_m if crs != "EPSG:4326" else 1e-4
    place = {"crs": crs, "transform": from_origin(5e5 if crs != "EPSG:4326" else 3.0, 5.6e6 if crs != "EPSG:4326" else 50.0, step, step)}
    with rasterio.open(path, "w", driver="GTiff", count=values.shape[0], height=values.shape[1], width=values.shape[2],
                       dtype=values.dtype, **(place if crs else {}), **profile) as file:
        file.write(values)


def painted(rng: np.random.Generator, colours: list[tuple[int, int, int]], side: int = 16) -> np.ndarray:
    """A random map in colours, [3, H, W]."""
    return np.moveaxis(np.array(colours, dtype="uint8")[rng.integers(0, len(colours), (side, side))], -1, 0)


def name_labels(root: pathlib.Path, classes: list[str]) -> None:
    (root / "label-classes.json").write_text(json.dumps({"format_version": 1, "classes": classes}))


def class_folders(root: pathlib.Path, rng: np.random.Generator, classes: list[str], suffix: str, lists: str = "", side: int = 16,
                  bands: int = 3, images: int = 4) -> None:
    """`lists` is a path from the root's parent with {} for the split: images 0 and 1 train, 2 validates, 3 tests."""
    names: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for name in classes:
        for i in range(images):
            file = root / name / f"{name}_{i}{suffix}"
            if bands == 3:
                save_picture(file, picture(rng, side))
            else:
                save_raster(file, picture(rng, side, bands, "uint16"))
            names["val" if i == 2 else "test" if i == 3 else "train"].append(file.name)
    if lists:
        for split, files in names.items():
            pathlib.Path(lists.format(split)).write_text("\n".join(files) + "\n")


def bigearthnet(root: pathlib.Path, rng: np.random.Generator) -> None:
    labels = [["Continuous urban fabric", "Water bodies"], ["Discontinuous urban fabric", "Airports"], ["Peatbogs"]]
    for i, split in enumerate(("train", "val", "test")):
        s2, s1 = f"S2A_MSIL2A_2017061{i}T101031_0_{i}", f"S1A_IW_GRDH_1SDV_2017061{i}T165043_33UUP_0_{i}"
        for band in [b for b in L1C_BANDS if b != "B10"]:
            pixel_m = 60 if band in SENTINEL2_60M else 20 if band in SENTINEL2_20M else 10
            save_raster(root / "BigEarthNet-v1.0" / s2 / f"{s2}_{band}.tif", picture(rng, 1200 // pixel_m, 1, "uint16"), pixel_m)
        for band in ("VV", "VH"):
            save_raster(root / "BigEarthNet-S1-v1.0" / s1 / f"{s1}_{band}.tif", rng.normal(-12, 4, (1, 120, 120)).astype("float32"))
        (root / "BigEarthNet-v1.0" / s2 / f"{s2}_labels_metadata.json").write_text(json.dumps({"labels": labels[i], "acquisition_date": "2017-06-13 10:10:31"}))
        (root / "BigEarthNet-S1-v1.0" / s1 / f"{s1}_labels_metadata.json").write_text(
            json.dumps({"labels": labels[i], "corresponding_s2_patch": s2, "acquisition_time": "2017-06-13T16:50:43"}))
        (root / f"bigearthnet-{split}.csv").write_text(f"{s2},{s1}\n")


def fmow_sentinel2(root: pathlib.Path, rng: np.random.Generator) -> None:
    for split, table in (("train", "train"), ("val", "val"), ("test_gt", "test_gt")):
        rows = [",category,location_id,image_id,timestamp,polygon"]
        for category in ("airport", "zoo"):
            for image in (100, 7):  # not in the order of time
                name = f"{category}_3"
                save_raster(root / "fmow-sentinel" / split / category / name / f"{name}_{image}.tif", picture(rng, 12, 13, "uint16"), crs="EPSG:4326")
                rows.append(f'{len(rows)},{category},3,{image},{"2017" if image == 100 else "2016"}-03-01T10:20:30Z,"POLYGON ((1 2, 3 4))"')
        (root / f"{table}.csv").write_text("\n".join(rows) + "\n")


def isaid(root: pathlib.Path, rng: np.random.Generator) -> None:
    for split in ("train", "val", "test"):
        save_picture(root / split / "images" / "P0001.png", picture(rng))
        if split != "test":
            folder = "images" if split == "train" else "Semantic_masks/images/images"
            save_picture(root / split / folder / "P0001_instance_color_RGB.png", painted(rng, ISAID_COLOURS))


def potsdam(root: pathlib.Path, rng: np.random.Generator) -> None:
    for tile in ("2_10", "7_12", "5_15"):
        save_raster(root / "4_Ortho_RGBIR" / f"top_potsdam_{tile}_RGBIR.tif", picture(rng, bands=4), 0.05)
        save_raster(root / f"top_potsdam_{tile}_label.tif", painted(rng, POTSDAM_COLOURS), 0.05)


def loveda(root: pathlib.Path, rng: np.random.Generator) -> None:
    for split in ("Train", "Val", "Test"):
        for scene in ("Urban", "Rural"):
            for number in (2, 10):
                save_picture(root / split / scene / "images_png" / f"{number}.png", picture(rng))
                if split != "Test":
                    save_picture(root / split / scene / "masks_png" / f"{number}.png", rng.integers(0, 8, (16, 16)).astype("uint8"))


def levir_cd(root: pathlib.Path, rng: np.random.Generator) -> None:
    for split in ("train", "val", "test"):
        for number in (1, 2):
            for folder in ("A", "B"):
                save_picture(root / folder / f"{split}_{number}.png", picture(rng))
            save_picture(root / "label" / f"{split}_{number}.png", (rng.integers(0, 2, (16, 16)) * 255).astype("uint8"))


def oscd(root: pathlib.Path, rng: np.random.Generator) -> None:
    prefix = "Onera Satellite Change Detection dataset - "
    for split, city in (("Train", "paris"), ("Train", "bordeaux"), ("Test", "dubai")):
        for i in (1, 2):
            for band in L1C_BANDS:
                save_picture(root / (prefix + "Images") / city / f"imgs_{i}_rect" / f"S2A_x_{band}.tif", picture(rng, 16, 1, "uint16")[0])
        (root / (prefix + "Images") / city / "dates.txt").write_text("date_1: 20160809\ndate_2: 20180321\n")
        save_picture(root / f"{prefix}{split} Labels" / city / "cm" / "cm.png", (rng.integers(0, 2, (16, 16)) * 255).astype("uint8"))


def dynamic_earthnet(root: pathlib.Path, rng: np.random.Generator) -> None:
    (root / "dynnet_training_splits").mkdir(parents=True)
    for split, cube in (("train", "1417_3281_13"), ("val", "2235_3403_13"), ("test", "1700_3100_13")):
        lines = []
        for month in ("2018-01", "2018-02"):
            planet, label = f"planet/10N/{cube}/PF-SR", f"labels/{cube}/Labels/Raster/{cube}-{month.replace('-', '_')}_01.tif"
            for day in ("01", "05", "10", "15", "20", "25"):
                save_raster(root / planet / f"{month}-{day}.tif", picture(rng, 16, 4, "int16"), 3)
            one_hot = (np.arange(7)[:, None, None] == rng.integers(0, 7, (16, 16))) * 255
            save_raster(root / label, one_hot.astype("uint8"), 3)
            save_raster(root / "sentinel2" / cube / f"{cube}_{month.replace('-', '_')}.tif", picture(rng, 16, 12, "uint16"), 3)
            save_raster(root / "sentinel1" / cube / f"{cube}_{month}.tif", rng.normal(-12, 4, (2, 16, 16)).astype("float32"), 3)
            lines.append(f"/{planet} /{label} {month}")
        (root / "dynnet_training_splits" / f"{split}.txt").write_text("\n".join(lines) + "\n")


def pastis(root: pathlib.Path, rng: np.random.Generator, side: int = 16, hr: int = 0) -> None:
    """With `hr` the aerial images are those of PASTIS-MM, so many pixels for one of the label, in place of PASTIS-HD's."""
    features = []
    dates = {"S2": [20180924, 20181004, 20190115], "S1A": [20180902, 20190101], "S1D": [20181001, 20181120]}
    for fold in range(1, 6):
        patch = 10000 + fold
        for sensor, days in dates.items():
            (root / f"DATA_{sensor}").mkdir(parents=True, exist_ok=True)
            bands, shape = (10, (len(days), 10, side, side)) if sensor == "S2" else (3, (len(days), 3, side, side))
            values = rng.integers(1, 9000, shape).astype("int16") if bands == 10 else rng.normal(-12, 4, shape).astype("float32")
            np.save(root / f"DATA_{sensor}" / f"{sensor}_{patch}.npy", values)
        for folder, name in (("ANNOTATIONS", "TARGET"), ("INSTANCE_ANNOTATIONS", "INSTANCES")):
            (root / folder).mkdir(parents=True, exist_ok=True)
            shape = (3, side, side) if name == "TARGET" else (side, side)
            np.save(root / folder / f"{name}_{patch}.npy", rng.integers(0, 20, shape).astype("uint8"))
        if hr:
            save_picture(root / "DATA_HR" / f"HR_{patch}.png", picture(rng, side * hr))
        else:
            save_raster(root / "DATA_SPOT" / "PASTIS_SPOT6_RVB_1M00_2019" / f"SPOT6_RVB_1M00_2019_{patch}.tif", picture(rng, 160), 1)
        features.append({"type": "Feature", "geometry": {"type": "Point", "coordinates": [2, 45]}, "properties": {
            "ID_PATCH": patch, "Fold": fold, **{f"dates-{sensor}": {str(i): day for i, day in enumerate(days)} for sensor, days in dates.items()}}})
    (root / "metadata.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def five_billion_pixels(root: pathlib.Path, rng: np.random.Generator) -> None:
    scenes = ["GF2_PMS1__L1A0000189089-MSS1", "GF2_PMS2_E113.7_N30.2-MSS2", "GF2_PMS2_E113.9_N30.2-MSS2"]
    for scene in scenes:
        save_raster(root / "Image__8bit_NirRGB" / f"{scene}.tif", picture(rng, bands=4), 4, photometric="CMYK")
        save_picture(root / "Annotation__index" / f"{scene}_24label.png", rng.integers(0, 25, (16, 16)).astype("uint8"))
    (root / "train_list.txt").write_text("\n".join(scenes[:2]) + "\n")
    (root / "val_list.txt").write_text(scenes[2] + "\n")


def sparcs(root: pathlib.Path, rng: np.random.Generator) -> None:
    for number in range(5):
        scene = f"LC80010112014080LGN00_{number}"
        save_raster(root / "sending" / f"{scene}_data.tif", picture(rng, bands=10, dtype="uint16"), 30)
        mask = Image.fromarray(rng.integers(0, 7, (16, 16)).astype("uint8"), mode="P")
        mask.putpalette([value for i in range(7) for value in (30 * i, 10 * i, 0)])
        mask.save(root / "sending" / f"{scene}_mask.png")


def air_polsar_seg(root: pathlib.Path, rng: np.random.Generator) -> None:
    for split, place in (("train_set", "0001"), ("train_set", "0002"), ("test_set", "0001")):
        for polarisation in ("HH", "HV", "VH", "VV"):
            save_raster(root / split / "images" / f"{place}_{polarisation}.tiff", picture(rng, 16, 1, "uint16"), crs=None)
        save_picture(root / split / "images" / f"{place}_gt.png", painted(rng, APS_COLOURS))


def image_masks(root: pathlib.Path, rng: np.random.Generator) -> None:
    for split in ("train", "test"):
        save_picture(root / "images" / split / "a.png", picture(rng))
        mask = rng.integers(0, 3, (16, 16)).astype("uint8")
        mask[0] = 255
        save_picture(root / "masks" / split / "a.png", mask)
    name_labels(root, ["field", "forest", "water"])


def semantic_change_pairs(root: pathlib.Path, rng: np.random.Generator) -> None:
    for folder in ("im1", "im2"):
        save_picture(root / "train" / folder / "7.png", picture(rng))
    for folder in ("label1", "label2"):
        save_picture(root / "train" / folder / "7.png", rng.integers(0, 3, (16, 16)).astype("uint8"))
    name_labels(root, ["none", "low vegetation", "water"])


def vector_labels(root: pathlib.Path, rng: np.random.Generator) -> None:
    save_raster(root / "images" / "train" / "a.tif", picture(rng))
    boxes = [("building", 10.5, 20.2, 80.1, 70.0), ("road", 60, 50, 155, 120)]  # metres from the upper-left corner
    features = []
    for name, left, top, right, bottom in boxes:
        ring = [[5e5 + x, 5.6e6 - y] for x, y in ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))]
        features.append({"type": "Feature", "properties": {"kind": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    (root / "labels" / "train").mkdir(parents=True)
    (root / "labels" / "train" / "a.geojson").write_text(json.dumps({
        "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32631"}}, "features": features}))
    name_labels(root, ["background", "building", "road"])
