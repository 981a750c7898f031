"""Real pieces with objects as COCO folders: one image to learn by heart and one, or a part, held out. Needs Pillow and rasterio."""

import csv
import json
import pathlib

import numpy
from PIL import Image

# Colours of iSAID's classes (its development kit), red + 256 green + 65536 blue.
ISAID = {"ship": (0, 0, 63), "storage tank": (0, 63, 63), "baseball diamond": (0, 63, 0), "tennis court": (0, 63, 127),
         "basketball court": (0, 63, 191), "ground track field": (0, 63, 255), "bridge": (0, 127, 63), "large vehicle": (0, 127, 127),
         "small vehicle": (0, 0, 127), "helicopter": (0, 0, 191), "swimming pool": (0, 0, 255), "roundabout": (0, 191, 127),
         "soccer ball field": (0, 127, 191), "plane": (0, 127, 255), "harbor": (0, 100, 155)}
LEAST_PIXELS = 4  # of an instance: single pixels are borders of others


def code_of(picture: numpy.ndarray) -> numpy.ndarray:
    return picture[..., :3].astype("int64") @ numpy.array([1, 256, 65536])


def hull(points: numpy.ndarray) -> numpy.ndarray:
    """The convex hull of [N, 2] points (Andrew's monotone chain)."""
    ordered = sorted(map(tuple, points))

    def half(sequence):
        chain = []
        for point in sequence:
            while len(chain) >= 2 and ((chain[-1][0] - chain[-2][0]) * (point[1] - chain[-2][1])
                                       - (chain[-1][1] - chain[-2][1]) * (point[0] - chain[-2][0])) <= 0:
                chain.pop()
            chain.append(point)
        return chain[:-1]

    return numpy.array(half(ordered) + half(reversed(ordered)), dtype=float)


def objects_of_masks(image: pathlib.Path, classes: dict[str, tuple] | None) -> list[dict]:
    """An object an instance: the hull of its pixels. Without `classes` all are ships."""
    ids = code_of(numpy.array(Image.open(image.with_name(image.stem + "_instance_id_RGB.png")).convert("RGB")))
    colours = code_of(numpy.array(Image.open(image.with_name(image.stem + "_instance_color_RGB.png")).convert("RGB")))
    names = {int(code_of(numpy.array(colour))): name for name, colour in (classes or {}).items()}
    objects = []
    for instance in numpy.unique(ids):
        rows, columns = numpy.nonzero(ids == instance)
        if instance == 0 or len(rows) < LEAST_PIXELS:
            continue
        values, counts = numpy.unique(colours[rows, columns], return_counts=True)
        name = names.get(int(values[counts.argmax()])) if classes else "ship"
        if name is None:
            continue
        corners = numpy.concatenate([numpy.stack([columns + dx, rows + dy], 1) for dx in (0, 1) for dy in (0, 1)])
        objects.append({"class": name, "points": hull(corners), "area": len(rows)})
    return objects


def objects_of_dota(file: pathlib.Path) -> list[dict]:
    objects = []
    for line in file.read_text().splitlines():
        words = line.split()
        if len(words) < 10:
            continue
        points = numpy.array(list(map(float, words[:8]))).reshape(4, 2)
        objects.append({"class": words[8], "points": points, "difficult": words[9] == "1"})
    return objects


def objects_of_csv(file: pathlib.Path, image: str) -> list[dict]:
    objects = []
    for row in csv.DictReader(file.open()):
        if row["image_path"] == image:
            left, top, right, bottom = (float(row[key]) for key in ("xmin", "ymin", "xmax", "ymax"))
            objects.append({"class": row["label"], "points": numpy.array([[left, top], [right, top], [right, bottom], [left, bottom]])})
    return objects


def cut(pixels: numpy.ndarray, objects: list[dict], left: int, right: int) -> tuple[numpy.ndarray, list[dict]]:
    """Columns of an image with the objects whose middle lies there and of which nothing is cut off."""
    kept = [part | {"points": part["points"] - [left, 0]} for part in objects
            if part["points"][:, 0].min() >= left and part["points"][:, 0].max() <= right]
    return pixels[:, left:right], kept


def pixels_of(file: pathlib.Path) -> numpy.ndarray:
    import rasterio

    with rasterio.open(file) as raster:
        return numpy.moveaxis(raster.read()[:3], 0, -1)


def write_coco(out: pathlib.Path, split: str, pixels: numpy.ndarray, objects: list[dict], classes: list[str]) -> None:
    (out / "images").mkdir(parents=True, exist_ok=True)
    name = f"{split}.png"
    grey = pixels.shape[-1] == 1
    Image.fromarray(pixels[..., 0] if grey else pixels).save(out / "images" / name)
    height, width = pixels.shape[:2]
    annotations = []
    for part in objects:
        points = part["points"].clip(0, [width, height])
        low, high = points.min(0), points.max(0)
        annotations.append({"id": len(annotations) + 1, "image_id": 1, "category_id": classes.index(part["class"]) + 1, "iscrowd": 0,
                            "ignore": int(part.get("difficult", False)), "bbox": [*low.tolist(), *(high - low).tolist()],
                            "area": float(numpy.prod(high - low)), "segmentation": [points.reshape(-1).tolist()]})
    document = {"images": [{"id": 1, "file_name": name, "width": width, "height": height}], "annotations": annotations,
                "categories": [{"id": number + 1, "name": name} for number, name in enumerate(classes)]}
    (out / f"{split}.json").write_text(json.dumps(document))


def isaid(data: pathlib.Path) -> list[tuple]:
    images = [next((data / split / "images").glob("P????.png")) for split in ("train", "val")]
    return [(pixels_of(image), objects_of_masks(image, ISAID)) for image in images]


def dota(data: pathlib.Path) -> list[tuple]:
    """One labelled image: its left part is learnt, its right part held out."""
    pixels, objects = pixels_of(data / "images" / "P0706.png"), objects_of_dota(data / "labelTxt" / "P0706.txt")
    middle, width = round(0.6 * pixels.shape[1]), pixels.shape[1]
    return [cut(pixels, objects, 0, middle), cut(pixels, objects, middle, width)]


def ships(data: pathlib.Path) -> list[tuple]:
    images = [file for file in sorted(data.glob("*.png")) if "instance" not in file.name][:2]
    return [(pixels_of(image), objects_of_masks(image, None)) for image in images]


def trees(data: pathlib.Path) -> list[tuple]:
    """Learnt on one site of the same sensor, held out another one."""
    learnt, held = "OSBS_029.tif", "2019_BLAN_3_751000_4330000_image_crop.jpg"
    return [(pixels_of(data / learnt), objects_of_csv(data / "OSBS_029.csv", learnt)),
            (pixels_of(data / held), objects_of_csv(data / held.replace(".jpg", "_bbox.csv"), held))]


# Name -> (folder, kinds of boxes, reader of the pieces).
PIECES = {
    "isaid": ("isaid", ("horizontal", "oriented"), isaid),
    "dota": ("dota_examples", ("horizontal", "oriented"), dota),
    "ships": ("sar_ships_hrsid", ("horizontal", "oriented"), ships),
    "trees": ("deepforest_trees", ("horizontal",), trees),
}


def write_piece(name: str, data: pathlib.Path, out: pathlib.Path) -> None:
    """OUT/train.json and OUT/test.json with their images."""
    folder, _, read = PIECES[name]
    learnt, held = read(data / folder)
    classes = sorted({part["class"] for part in (*learnt[1], *held[1])})
    write_coco(out, "train", *learnt, classes)
    write_coco(out, "test", *held, classes)
