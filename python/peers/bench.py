"""Times the PyTorch peer as `skysense bench` times the program: python -m peers.bench --case FILE [...].

Prints one JSON line with the same keys. The case file holds the weights and the image (`skysense bench --save-case`).
`--program` also times torch.compile's version of the peer.
"""

import argparse
import json
import os
import resource
import statistics
import time


import torch
from safetensors.torch import load_file

from peers.backbone import Options, SkySense
from peers.process import process_age_s

PRESETS = {
    "nano": Options(),
    "tiny": Options(dim=64, depths=(2, 2, 6, 2)),
    "small": Options(dim=96, depths=(2, 2, 6, 2)),
    "base": Options(dim=128, depths=(2, 2, 18, 2)),
}
CHANNELS = {"hr": 3, "ms": 10, "sar": 2}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", required=True)
    parser.add_argument("--preset", default="nano", choices=PRESETS)
    parser.add_argument("--mode", default="encode", choices=("encode", "train"))
    parser.add_argument("--modality", default="hr", choices=CHANNELS)
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--program", default="eager", choices=("eager", "compiled"))
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    model = SkySense(PRESETS[arguments.preset], CHANNELS)
    weights = load_file(arguments.case)
    image = weights.pop("image")
    model.load_state_dict(weights)
    train = arguments.mode == "train"
    model.train(train)
    dtype = getattr(torch, arguments.dtype)
    # The fused implementation: PyTorch's fastest on a CPU.
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, weight_decay=0.05, fused=True) if train else None
    encode = torch.compile(model.encode) if arguments.program == "compiled" else model.encode

    def run() -> float:
        with torch.set_grad_enabled(train):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
                loss = encode(arguments.modality, image)[0][-1].float().square().mean()
            if train:
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
        return loss.item()

    features = run()
    first_output_s = process_age_s()
    times = []
    for _ in range(arguments.iterations):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    seconds = statistics.median(times)
    result = {key: getattr(arguments, key) for key in ("preset", "mode", "modality", "dtype", "threads", "program")}
    result |= {"batch": len(image), "size": image.shape[-1], "seconds": times, "median_s": seconds}
    result |= {"images_per_second": len(image) / seconds, "first_output_s": first_output_s, "mean_square": features}
    print(json.dumps(result | {"peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
