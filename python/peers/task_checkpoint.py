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

from peers.task_heads import UperNet

TEACHER, TASK, STATE = "teacher.safetensors", "task.json", "state.json"


def task_group(head: str, channels: int) -> str:
    """The `task` group of config.yaml."""
    return "\n".join((
        "task:",
        f"  head: {head}", '  modality: ""', "  fusion: false", "  cell: 0", "  prompts: true", "  geo_context: false",
        "  merging:", "    hr: []", "    ms: []", "    sar: []", "  frozen: []", "  moe: train",
        "  lora:", "    rank: 0", "    alpha: 16", "    modules: [attn.qkv, attn.proj]",
        f"  channels: {channels}", "  dropout: 0.1", "  auxiliary: false", "  auxiliary_channels: 256", "  norm: batch", ""))


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
    contract = json.loads((output / "contract.json").read_text())
    dim = int(next(line.split()[1] for line in config.splitlines() if line.startswith("  dim:")))
    torch.manual_seed(seed)
    network = UperNet([dim << stage for stage in range(4)], len(classes), channels)
    torch.nn.init.normal_(network.classifier.weight, std=0.3)
    weights = load_file(pretrained / TEACHER)
    weights |= {f"head.{name}": tensor for name, tensor in network.state_dict().items()}
    save_file(weights, output / TEACHER)
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
    assert modality in contract["sensors"], f"the model has no {modality}"
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
