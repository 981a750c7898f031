"""References of the metrics of detection in eval/: pycocotools for COCO's; for PASCAL VOC's and DOTA's the rule of their kits in
NumPy, whose areas pycocotools computes too where no two objects compete for a box."""

import contextlib
import io
import json

import numpy as np
import torch
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

CLASSES = 4
real = lambda value: torch.tensor(np.asarray(value, dtype=np.float64))


def random_images(rng: np.random.Generator, images: int, objects: int, found: float = 0.8, wrong: int = 3, decimals: int = 6,
                  crowds: float = 0.1, spread: float = 0.1) -> list[dict[str, np.ndarray]]:
    """Boxes [x, y, width, height] of all sizes; most objects are found, some twice, most of the time as the right class."""
    result = []
    for _ in range(images):
        count = rng.integers(0, objects + 1)
        size = np.exp(rng.uniform(np.log(8), np.log(300), (count, 2)))
        truth = np.concatenate([rng.uniform(0, 400, (count, 2)), size], 1)
        classes = rng.integers(0, CLASSES - 1, count)  # the last class has no objects
        chosen = np.flatnonzero(rng.random(count) < found)
        chosen = np.concatenate([chosen, chosen[rng.random(chosen.size) < 0.3]])
        boxes = truth[chosen] * np.exp(rng.normal(0, spread, (chosen.size, 4)))
        labels = np.where(rng.random(chosen.size) < 0.9, classes[chosen], rng.integers(0, CLASSES, chosen.size))
        more = rng.integers(0, wrong + 1)
        boxes = np.concatenate([boxes, np.concatenate([rng.uniform(0, 400, (more, 2)), rng.uniform(5, 200, (more, 2))], 1)])
        labels = np.concatenate([labels, rng.integers(0, CLASSES, more)])
        result.append({"objects": truth, "object_classes": classes, "ignored": rng.random(count) < crowds,
                       "boxes": boxes, "classes": labels, "scores": np.round(rng.random(len(boxes)), decimals)})
    return result


def of_images(images: list[tuple]) -> list[dict[str, np.ndarray]]:
    """(objects with class and crowd, boxes with class and score) an image, by hand."""
    columns = lambda rows, width: np.array(rows, dtype=np.float64).reshape(-1, width)
    result = []
    for objects, boxes in images:
        objects, boxes = columns(objects, 6), columns(boxes, 6)
        result.append({"objects": objects[:, :4], "object_classes": objects[:, 4].astype(np.int64), "ignored": objects[:, 5] > 0,
                       "boxes": boxes[:, :4], "classes": boxes[:, 4].astype(np.int64), "scores": boxes[:, 5]})
    return result


def as_coco(images: list[dict[str, np.ndarray]], boxes: str, classes: str) -> COCO:
    annotations = []
    for number, image in enumerate(images):
        for i, (box, k) in enumerate(zip(image[boxes], image[classes])):
            area = image["object_areas"][i] if boxes == "objects" and "object_areas" in image else box[2] * box[3]
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": int(k), "bbox": box.tolist(),
                                "area": float(area), "iscrowd": int(boxes == "objects" and image["ignored"][i])})
            if boxes == "boxes":
                annotations[-1]["score"] = float(image["scores"][i])
    coco = COCO()
    coco.dataset = {"images": [{"id": i} for i in range(len(images))], "annotations": annotations,
                    "categories": [{"id": k} for k in range(CLASSES)]}
    coco.createIndex()
    return coco


def evaluate(images: list[dict[str, np.ndarray]], most: list[int] | None = None, **settings: np.ndarray) -> COCOeval:
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(as_coco(images, "objects", "object_classes"), as_coco(images, "boxes", "classes"), "bbox")
        if most:
            evaluation.params.maxDets = most
        for name, value in settings.items():
            setattr(evaluation.params, name, value)
        evaluation.evaluate()
        evaluation.accumulate()
        if not settings:
            evaluation.summarize()
    return evaluation


def mean_or_none(values: np.ndarray) -> float:
    return values.mean() if (values > -1).all() else -1


def coco(images: list[dict[str, np.ndarray]], most: list[int] | None = None) -> dict[str, torch.Tensor]:
    """`summary` in pycocotools' order, `classes` [K, 6]: AP, AP50, AP75 and by size. -1: none."""
    evaluation = evaluate(images, most)
    summary, precision = evaluation.stats.copy(), evaluation.eval["precision"]
    if most:  # summarize() looks for 100 boxes, and finds none
        summary[0] = precision[..., 0, -1][precision[..., 0, -1] > -1].mean()
    classes = [[mean_or_none(precision[:, :, k, 0, -1]), mean_or_none(precision[0, :, k, 0, -1]), mean_or_none(precision[5, :, k, 0, -1]),
                *(mean_or_none(precision[:, :, k, size, -1]) for size in (1, 2, 3))] for k in range(CLASSES)]
    return {"summary": real(summary), "most": torch.tensor(most or [1, 10, 100]), "classes": real(classes)}


def kit_precision(images: list[dict[str, np.ndarray]], k: int, eleven: bool) -> float:
    """The rule of the kits of VOC and DOTA for one class, at an overlap above 0.5; -1 without objects."""
    taken = [np.zeros(len(image["objects"]), dtype=bool) for image in images]
    positives = sum((~image["ignored"][image["object_classes"] == k]).sum() for image in images)
    boxes = [(-image["scores"][i], number, i) for number, image in enumerate(images) for i in np.flatnonzero(image["classes"] == k)]
    right, wrong = [], []
    for _, number, i in sorted(boxes):
        image = images[number]
        overlaps = np.where(image["object_classes"] == k, image["overlaps"][i], -1) if len(image["objects"]) else np.array([-1.0])
        best = overlaps.argmax()
        if overlaps[best] > 0.5 and image["ignored"][best]:
            continue
        hit = overlaps[best] > 0.5 and not taken[number][best]
        if hit:
            taken[number][best] = True
        right.append(hit)
        wrong.append(not hit)
    if positives == 0:
        return -1
    right, wrong = np.cumsum(right), np.cumsum(wrong)
    recall, precision = right / positives, right / np.maximum(right + wrong, np.finfo(np.float64).eps)
    if eleven:
        return sum(precision[recall >= t].max(initial=0) / 11 for t in np.arange(0, 1.1, 0.1))
    recall, precision = np.concatenate([[0], recall, [1]]), np.concatenate([[0], precision, [0]])
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.flatnonzero(recall[1:] != recall[:-1])
    return ((recall[steps + 1] - recall[steps]) * precision[steps + 1]).sum()


def assert_areas_equal_pycocotools(images: list[dict[str, np.ndarray]]) -> None:
    """Where boxes touch one object each, once: COCO's interpolation at 11 recalls, and at every recall reached."""
    eleven = evaluate(images, iouThrs=np.array([0.5]), recThrs=np.arange(0, 1.1, 0.1)).eval["precision"]
    for k in range(CLASSES - 1):
        objects = sum((image["object_classes"] == k).sum() for image in images)
        every = evaluate(images, iouThrs=np.array([0.5]), recThrs=np.arange(1, objects + 1) / objects).eval["precision"]
        assert abs(kit_precision(images, k, True) - eleven[0, :, k, 0, -1].mean()) < 1e-12
        assert abs(kit_precision(images, k, False) - every[0, :, k, 0, -1].mean()) < 1e-12


def case(images: list[dict[str, np.ndarray]], most: list[int] | None = None) -> dict[str, torch.Tensor]:
    """`I.NAME` of image I with overlaps as pycocotools has them, and both families of expected values."""
    tensors = coco(images, most)
    for number, image in enumerate(images):
        iou = np.zeros((len(image["boxes"]), len(image["objects"])))
        if iou.size:
            iou = np.asarray(mask.iou(image["boxes"], image["objects"], image["ignored"].astype(np.uint8).tolist()))
        image["overlaps"] = iou
        area = lambda boxes: boxes[:, 2] * boxes[:, 3]
        own = {"scores": image["scores"], "classes": image["classes"], "areas": area(image["boxes"]), "overlaps": iou,
               "object_classes": image["object_classes"], "object_areas": area(image["objects"]), "ignored": image["ignored"]}
        tensors |= {f"{number}.{name}": torch.tensor(value) for name, value in own.items()}
    for name, eleven in (("eleven_points", True), ("all_points", False)):
        tensors[name] = real([kit_precision(images, k, eleven) for k in range(CLASSES)])
    return tensors


def apart(rng: np.random.Generator) -> list[dict[str, np.ndarray]]:
    """Objects on a grid, each found at most once, and mistakes far from them."""
    result = []
    for _ in range(6):
        corners = np.stack(np.meshgrid(np.arange(5) * 100, np.arange(5) * 100), -1).reshape(-1, 2)
        objects = np.concatenate([corners, np.full((25, 2), 40)], 1).astype(np.float64)
        classes = rng.integers(0, CLASSES - 1, 25)
        found = np.flatnonzero(rng.random(25) < 0.7)
        boxes = np.concatenate([objects[found] + rng.uniform(-6, 6, (found.size, 4)), objects[:8] + [50, 50, 0, 0]])
        result.append({"objects": objects, "object_classes": classes, "ignored": np.zeros(25, dtype=bool), "boxes": boxes,
                       "classes": np.concatenate([classes[found], rng.integers(0, CLASSES - 1, 8)]), "scores": rng.random(len(boxes))})
    return result


def document(rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """A COCO document with crowds and areas of segmentations, `document` as bytes of JSON, and what a detector found in its images:
    `I.boxes` (corners), `I.scores`, `I.classes`. Coordinates are eighths of pixels, which float32 holds."""
    images = random_images(rng, 25, 25, crowds=0.25)
    for image in images:
        image["objects"], image["boxes"] = (np.round(image[name] * 8) / 8 for name in ("objects", "boxes"))
        image["boxes"][:, 2:] = image["boxes"][:, 2:].clip(1)
        image["object_areas"] = image["objects"][:, 2] * image["objects"][:, 3] * rng.uniform(0.2, 1, len(image["objects"]))
    labels = as_coco(images, "objects", "object_classes").dataset
    for number, entry in enumerate(labels["images"]):
        entry |= {"file_name": f"{number}.png", "width": 2000, "height": 2000}
    labels["categories"] = [{"id": k, "name": f"class {k}"} for k in range(CLASSES)]
    tensors = coco(images) | {"document": torch.tensor(list(json.dumps(labels).encode()), dtype=torch.uint8)}
    for number, image in enumerate(images):
        corners = np.concatenate([image["boxes"][:, :2], image["boxes"][:, :2] + image["boxes"][:, 2:]], 1)
        tensors |= {f"{number}.boxes": torch.tensor(corners, dtype=torch.float32), f"{number}.scores": torch.tensor(image["scores"]),
                    f"{number}.classes": torch.tensor(image["classes"])}
    return tensors


def fixtures() -> dict[str, dict[str, torch.Tensor]]:
    rng = np.random.default_rng(7)
    simple = apart(rng)
    cases = {"object_metrics_apart": case(simple)}
    assert_areas_equal_pycocotools(simple)
    square = [0, 0, 40, 40]
    cases |= {
        "object_metrics_document": document(np.random.default_rng(11)),
        "object_metrics_random": case(random_images(rng, 30, 20)),
        "object_metrics_ties": case(random_images(rng, 20, 12, decimals=1)),
        "object_metrics_crowded": case(random_images(rng, 6, 90, wrong=200, spread=0.05)),
        "object_metrics_few_boxes": case(random_images(rng, 8, 40, wrong=30), most=[2, 5, 20]),
        "object_metrics_all_ignored": case(random_images(rng, 5, 8, crowds=1.0)),
        "object_metrics_nothing_found": case(random_images(rng, 4, 8, found=0, wrong=0)),
        "object_metrics_no_objects": case(random_images(rng, 4, 0, wrong=9)),
        "object_metrics_by_hand": case(of_images([
            ([], []),
            ([[*square, 0, 0]], []),
            ([], [[*square, 0, 0.5]]),
            # Overlaps of exactly 0.5, 1 and 0; twice the same box; an object twice.
            ([[*square, 0, 0], [0, 0, 40, 40, 0, 0]], [[0, 0, 40, 20, 0, 0.9], [*square, 0, 0.9], [*square, 0, 0.9], [80, 80, 5, 5, 0, 0.9]]),
            # A box that covers an ignored object better than the one that counts; two boxes on a crowd.
            ([[*square, 1, 1], [0, 0, 40, 30, 1, 0]], [[0, 0, 40, 38, 1, 0.7], [1, 1, 20, 20, 1, 0.6], [2, 2, 30, 30, 1, 0.6]]),
            # Sizes on the limits of small, medium and large, and boxes without an area.
            ([[0, 0, 32, 32, 2, 0], [100, 0, 96, 96, 2, 0], [300, 0, 0, 0, 2, 0]],
             [[0, 0, 32, 32, 2, 0.8], [100, 0, 96, 96, 2, 0.7], [300, 0, 0, 0, 2, 0.6], [400, 0, 0, 10, 2, 0.5]]),
        ])),
    }
    return cases
