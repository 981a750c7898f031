"""skysense bench: what it reports fits together; how fast it is belongs in no test."""

import pytest
from conftest import result_of


def bench(mode, batch):
    return result_of("bench", "--preset", "nano", "--mode", mode, "--size", 64, "--batch", batch, "--iterations", 1, "--threads", 1)


def flops(result):
    return result["gflops"] * result["median_s"] * 1e9


def test_flops_are_those_of_the_work():
    encode, twice, train = bench("encode", 1), bench("encode", 2), bench("train", 1)
    assert flops(twice) == pytest.approx(2 * flops(encode), rel=1e-9)
    assert flops(train) == pytest.approx(3 * flops(encode), rel=1e-9)  # the backward pass is two forward passes
    for result in (encode, twice, train):
        assert result["share_of_peak"] == pytest.approx(result["gflops"] / result["gemm_peak_gflops"], rel=1e-9)
        assert result["peak_memory_mb"] > 0
