"""Times the PyTorch peer's pre-training steps as `skysense bench --mode pretrain` times ours: python -m peers.bench_pretrain --case FILE.

Prints one JSON line with the same keys. The case file holds the batch and the first weights (`--save-case` there).
`--program compiled` also runs both branches through torch.compile.
"""

import argparse
import json
import os
import resource
import statistics
import time

import torch
from safetensors.torch import load_file

from peers.learner import Learner
from peers.pretrain_step import Training
from peers.process import process_age_s

WARM_UP = 2  # steps, as ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", required=True)
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--drop-path", type=float, default=0.2, help="of the backbone's last block")
    parser.add_argument("--fusion-drop-path", type=float, default=0.3, help="of the fusion encoder's last layer")
    parser.add_argument("--program", default="eager", choices=("eager", "compiled"))
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    case = load_file(arguments.case)
    training = Training(case, getattr(torch, arguments.dtype), arguments.drop_path, arguments.fusion_drop_path)
    del case
    if arguments.program == "compiled":
        training.encode = torch.compile(Learner.encode_views)
    times, losses, parts = [], [], {}
    for number in range(WARM_UP + arguments.iterations):
        start = time.perf_counter()
        loss, parts = training.step(number)
        times.append(time.perf_counter() - start)
        losses.append(loss)
        if number == 0:
            first_output_s = process_age_s()
    times = times[WARM_UP:]
    seconds = statistics.median(times)
    batch = len(training.regions)
    result = {key: getattr(arguments, key) for key in ("dtype", "threads", "program")}
    result |= {"batch": batch, "seconds": times, "median_s": seconds, "samples_per_second": batch / seconds, "first_output_s": first_output_s}
    result |= {"losses": losses, "parts": parts}
    print(json.dumps(result | {"peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
