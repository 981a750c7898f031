"""Makes a detector that finds something without training: a fine-tuned checkpoint's network with random weights that speak up.

Untrained detectors are as sure of everything as of nothing. Here the proposals move away from their anchors, so that they overlap
as trained ones do, the scores of classes differ, and background is as likely as leaves a given number of objects an image.
"""

import itertools
import json
import pathlib
import shutil

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from peers.detector import FasterRcnn, load_detector, product_name
from peers.predict_scene import normaliser
from peers.task_checkpoint import STATE, TEACHER

DEVIATION = 2.0  # of the classes' logits
BIASES = (-20.0, 20.0)  # of background, between which the wanted one is looked for


def loosen(network: FasterRcnn) -> None:
    generator = torch.Generator().manual_seed(0)
    for layer, deviation in ((network.rpn.head.bbox_pred, 0.05), (network.roi_heads.box_predictor.bbox_pred, 0.02),
                             (network.roi_heads.box_predictor.cls_score, 0.05)):
        torch.nn.init.normal_(layer.weight, std=deviation, generator=generator)


def speak_up(network: FasterRcnn, images: Tensor, objects: int) -> None:
    """`objects` an image of the batch, as far as the detector's own limit allows."""
    heads = network.roi_heads
    with torch.no_grad():
        levels, proposals, sizes = network.propose(images)
        hidden = heads.box_head(heads.box_roi_pool(levels, proposals, sizes))
        score = heads.box_predictor.cls_score
        score.weight *= DEVIATION / score(hidden).std(0)[:, None]
        score.bias -= score(hidden).mean(0)
        logits, deltas = heads.box_predictor(hidden)
        low, high = BIASES
        for _ in range(20):
            middle = (low + high) / 2
            shifted = logits + torch.tensor([middle] + [0.0] * (logits.shape[1] - 1))
            count = sum(len(boxes) for boxes in heads.postprocess_detections(shifted, deltas, proposals, sizes)[0])
            low, high = (middle, high) if count > objects * len(images) else (low, middle)
        score.bias[0] += high


def write_detection_checkpoint(finetuned: pathlib.Path, output: pathlib.Path, image: Tensor, *, score: float, objects: int) -> pathlib.Path:
    """`image` [C, H, W] as stored, of which whole tiles are looked at; objects of `score` and more are counted. Returns `output`."""
    network, contract, task = load_detector(finetuned, score)
    side, normalise = task["tile"], normaliser(contract, nodata=0)
    corners = itertools.product(*(range(0, length - side + 1, side) for length in image.shape[1:]))
    tiles = [normalise(image[:, row : row + side, column : column + side].float())[0] for row, column in corners]
    loosen(network)
    speak_up(network, torch.stack(tiles), objects)
    shutil.copytree(finetuned, output)
    weights = load_file(output / TEACHER)
    own = {product_name(name).removeprefix("model."): tensor for name, tensor in network.state_dict().items()}
    save_file({name: own.get(name, tensor).contiguous() for name, tensor in weights.items()}, output / TEACHER)
    state = json.loads((output / STATE).read_text())
    state["files"][TEACHER] = (output / TEACHER).stat().st_size
    (output / STATE).write_text(json.dumps(state))
    return output
