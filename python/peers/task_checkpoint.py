"""Makes a fine-tuned checkpoint without fine-tuning: a pre-trained one with a head of random weights.

    python -m peers.task_checkpoint RUN/model OUT --modality hr --classes 6 --tile 512

For benchmarks and tests of prediction: the files are those that `skysense finetune` writes (docs/formats.md).
"""

import argparse
import json
import pathlib
import shutil

import torch
from safetensors.torch import load_file, save_file

from peers.backbone import Options, SkySense
from peers.task_heads import Segmenter

TEACHER, TASK, STATE = "teacher.safetensors", "task.json", "state.json"


def task_group(head: str, channels: int) -> str:
    """The `task` group of config.yaml."""
    return "\n".join((
        "task:",
        f"  head: {head}", '  modality: ""', "  fusion: false", "  cell: 0", "  prompts: true", "  geo_context: false",
        "  merging:", "    hr: []", "    ms: []", "    sar: []", "  frozen: []", "  moe: train",
        "  lora:", "    rank: 0", "    alpha: 16", "    modules: [attn.qkv, attn.proj]",
        f"  channels: {channels}", "  dropout: 0.1", "  auxiliary: false", "  auxiliary_channels: 256", "  norm: batch", ""))


def random_head(weights, config: str, bands: dict[str, int], modality: str, classes: int, channels: int, seed: int) -> torch.nn.Module:
    """A head whose statistics and bias are those of patches of random colours, so that a map of such has many classes."""
    torch.manual_seed(seed)
    sizes = {line.split(":")[0].strip(): line.split(":")[1] for line in config.splitlines() if line.startswith("  d")}
    options = Options(dim=int(sizes["dim"]), depths=tuple(json.loads(sizes["depths"])))
    network = Segmenter(SkySense(options, bands), modality, classes, channels)
    wanted = network.skysense.state_dict()
    network.skysense.load_state_dict({name: weights[name] for name in wanted})
    torch.nn.init.normal_(network.head.classifier.weight, std=0.3)
    patches = torch.nn.functional.interpolate(torch.randn(4, bands[modality], 4, 4), size=(128, 128), mode="nearest")
    noise = patches + 0.1 * torch.randn_like(patches)
    with torch.no_grad():
        network(noise)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.reset_running_stats()
                module.momentum = None  # a plain mean: of the one pass that follows
        network(noise)
        network.head.classifier.bias -= network.eval()(noise).mean((0, 2, 3))
    return network.head


def write_task_checkpoint(
    pretrained: pathlib.Path, output: pathlib.Path, *, modality: str, classes: list[str], tile: int, channels: int,
    kind: str = "map", head: str = "upernet", seed: int = 0, dates: int = 1,
) -> pathlib.Path:
    """`kind` and `head` as in task.json and the `task` group. Returns `output`."""
    output.mkdir(parents=True)
    for name in ("config.yaml", "contract.json"):
        shutil.copy(pretrained / name, output / name)
    config = (output / "config.yaml").read_text()
    (output / "config.yaml").write_text(config + task_group(head, channels))
    sensors = json.loads((output / "contract.json").read_text())["sensors"]
    weights = load_file(pretrained / TEACHER)
    network = random_head(weights, config, {name: len(sensor["bands"]) for name, sensor in sensors.items()}, modality, len(classes), channels, seed)
    save_file(weights | {f"head.{name}": tensor for name, tensor in network.state_dict().items()}, output / TEACHER)
    task = {
        "format_version": 1, "recipe": "", "dataset": "random", "kind": kind, "loss": "cross-entropy",
        "classes": [{"name": name} for name in classes], "output": modality, "tile": tile,
        "inputs": {modality: {"dates": dates, "pixels_per_output": 1}},
    }
    (output / TASK).write_text(json.dumps(task))
    names = ("config.yaml", "contract.json", TEACHER, TASK)
    state = {"format_version": 1, "step": 0, "epoch": 0, "seed": seed, "data_position": 0, "extras": {},
             "files": {name: (output / name).stat().st_size for name in names}}
    (output / STATE).write_text(json.dumps(state))
    return output


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pretrained", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--modality", default="hr")
    parser.add_argument("--classes", type=int, default=6)
    parser.add_argument("--tile", type=int, default=512)
    parser.add_argument("--channels", type=int, default=128)
    arguments = parser.parse_args()
    names = [f"class {number}" for number in range(arguments.classes)]
    write_task_checkpoint(arguments.pretrained, arguments.output, modality=arguments.modality, classes=names,
                          tile=arguments.tile, channels=arguments.channels)


if __name__ == "__main__":
    main()
