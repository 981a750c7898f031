"""What each stage of a pre-trained backbone knows of scenes, and how much of it varies within a place.

    skysense datasets export places-class synth:2000,test=800,size=16,hr=4 --split train --modality hr -o train.safetensors
    skysense datasets export places-class synth:2000,test=800,size=16,hr=4 --split test --modality hr -o test.safetensors
    python -m peers.stage_probe --model RUN/model --train train.safetensors --test test.safetensors --modality hr

Accuracy of a logistic regression on the mean of each stage's map, on mean and standard deviation of all stages' maps, and on those of
the pixels themselves; its regularisation is the one that is best on the last fifth of the training samples. The share within places is the part
of a stage's variance that is left when every place's mean is taken out: near 0, the map says where the network is and not what lies
there. First dates alone. Prints one line of JSON.
"""

import argparse
import json
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from peers.backbone import SkySense
from peers.bench import PRESETS
from peers.u_net import Samples

PENALTIES = (1e-3, 1e-2, 1e-1)
Labelled = tuple[Tensor, Tensor]  # vectors [N, C], classes [N]


def load_backbone(checkpoint: pathlib.Path, preset: str) -> SkySense:
    sensors = json.loads((checkpoint / "contract.json").read_text())["sensors"]
    network = SkySense(PRESETS[preset], {name: len(sensor["bands"]) for name, sensor in sensors.items()})
    weights = load_file(checkpoint / "teacher.safetensors")
    network.load_state_dict({name: weights[name] for name in network.state_dict()})
    return network.eval()


def stage_maps(network: SkySense, images: Tensor, modality: str) -> list[Tensor]:
    """[N, C, H, W] -> [N, h, w, c] of each stage."""
    with torch.no_grad():
        parts = [network.encode(modality, part)[0] for part in images.split(64)]
    return [torch.cat(maps) for maps in zip(*parts)]


def mean_and_deviation(maps: Tensor) -> Tensor:
    return torch.cat((maps.mean((1, 2)), maps.std((1, 2))), 1)


def share_within(maps: Tensor) -> float:
    """Of the variance of a map's vectors, summed over channels, the part within places."""
    return (maps.var((1, 2)).mean(0).sum() / maps.flatten(0, 2).var(0).sum()).item()


def fitted_accuracy(train: Labelled, test: Labelled, penalty: float) -> float:
    centre, scale = train[0].mean(0), train[0].std(0).clamp(min=1e-6)
    (known, answers), (asked, truth) = (((x - centre) / scale, y) for x, y in (train, test))
    layer = torch.nn.Linear(known.shape[1], int(answers.max()) + 1)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=100)

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(layer(known), answers) + penalty * layer.weight.square().sum() / 2
        value.backward()
        return value

    optimizer.step(loss)
    return (layer(asked).argmax(1) == truth).float().mean().item()


def accuracy(train: Labelled, test: Labelled) -> float:
    kept = len(train[0]) * 4 // 5
    fit, choose = ((train[0][:kept], train[1][:kept]), (train[0][kept:], train[1][kept:]))
    return fitted_accuracy(train, test, max(PENALTIES, key=lambda penalty: fitted_accuracy(fit, choose, penalty)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True, help="a checkpoint folder")
    parser.add_argument("--preset", choices=PRESETS, default="nano")
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--modality", choices=("hr", "ms", "sar"), required=True)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    network = load_backbone(arguments.model, arguments.preset)
    samples = [Samples(file, arguments.modality) for file in (arguments.train, arguments.test)]
    labels = [part.labels for part in samples]
    train, test = (stage_maps(network, part.images[:, 0], arguments.modality) for part in samples)
    pixels = [mean_and_deviation(part.images[:, 0].permute(0, 2, 3, 1)) for part in samples]
    everything = [torch.cat([mean_and_deviation(maps) for maps in stages], 1) for stages in (train, test)]

    def on(vectors: list[Tensor]) -> float:
        return round(accuracy((vectors[0], labels[0]), (vectors[1], labels[1])), 4)

    print(json.dumps({
        "training_samples": len(labels[0]), "test_samples": len(labels[1]),
        "mean_of_stage": [on([a.mean((1, 2)), b.mean((1, 2))]) for a, b in zip(train, test)],
        "all_stages": on(everything), "pixels": on(pixels),
        "share_within_places": [round(share_within(maps), 4) for maps in test]}))


if __name__ == "__main__":
    main()
