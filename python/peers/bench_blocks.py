"""Times the peer's blocks beside timm's, on equal parts, in alternation: python -m peers.bench_blocks.

A benchmark against the peer means something only where the peer is no straw man: each ratio timm / peer should lie
within 5% of 1 or above it. Prints one JSON line.
"""

import argparse
import json
import os
import statistics
import time

import torch
from timm.models.swin_transformer_v2 import SwinTransformerV2Block
from timm.models.vision_transformer import Block
from torch import nn

from peers import backbone

WARM_UP = 5  # pairs that are not counted: the heap grows and oneDNN compiles its kernels

# name: the peer's block, timm's block, shape of the input; `base` on four images of 256 x 256
PARTS = {
    "swin_block_stage1": (
        lambda: backbone.SwinBlock(128, 4, 8, 4, backbone.Mlp(128, 512)),
        lambda: SwinTransformerV2Block(128, (64, 64), 4, window_size=8, shift_size=4),
        (4, 64, 64, 128),
    ),
    "swin_block_stage2": (
        lambda: backbone.SwinBlock(256, 8, 8, 4, backbone.Mlp(256, 1024)),
        lambda: SwinTransformerV2Block(256, (32, 32), 8, window_size=8, shift_size=4),
        (4, 32, 32, 256),
    ),
    "transformer_block_stage3": (
        lambda: backbone.TransformerBlock(512, 16, backbone.Mlp(512, 2048)),
        lambda: Block(512, 16, qkv_bias=True),
        (4, 260, 512),
    ),
}


def timed(block: nn.Module, x: torch.Tensor, train: bool, dtype: torch.dtype) -> float:
    start = time.perf_counter()
    with torch.set_grad_enabled(train), torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        output = block(x)
        output = output[0] if isinstance(output, tuple) else output
    if train:
        output.float().mean().backward()
    return time.perf_counter() - start


def paired(timm: nn.Module, peer: nn.Module, x: torch.Tensor, train: bool, dtype: torch.dtype, first: int) -> tuple[float, float]:
    """Times of both; which runs first alternates, for the second finds its input in the cache."""
    if first == 0:
        theirs = timed(timm, x, train, dtype)
        return theirs, timed(peer, x, train, dtype)
    ours = timed(peer, x, train, dtype)
    return timed(timm, x, train, dtype), ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    ratios = {}
    for name, (make_peer, make_timm, shape) in PARTS.items():
        for dtype in (torch.float32, torch.bfloat16):
            for train in (False, True):
                peer, timm = make_peer().train(train), make_timm().train(train)
                x = torch.randn(shape)
                for _ in range(WARM_UP):
                    paired(timm, peer, x, train, dtype, first=0)
                pairs = [paired(timm, peer, x, train, dtype, first=i % 2) for i in range(arguments.rounds)]
                key = f"{name}.{'train' if train else 'encode'}.{str(dtype)[6:]}"
                ratios[key] = round(statistics.median(theirs / ours for theirs, ours in pairs), 3)
    print(json.dumps({"threads": arguments.threads, "timm_time_over_peer_time": ratios}))


if __name__ == "__main__":
    main()
