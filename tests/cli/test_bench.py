"""skysense bench: what it reports fits together; how fast it is belongs in no test."""

import numpy
import pytest
import rasterio

from conftest import result_of
from peers import bench_boxes


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


def test_the_peak_of_memory_is_the_programs_own():
    alone = bench("encode", 1)["peak_memory_mb"]
    ballast = numpy.ones(int((alone + 400) * 2**20 / 8))  # of a caller that is larger than the program
    assert bench("encode", 1)["peak_memory_mb"] == pytest.approx(alone, rel=0.1) and ballast[0] == 1


def test_raster_reading_sees_what_rasterio_sees(tmp_path):
    path = str(tmp_path / "scene.tif")
    values = numpy.random.default_rng(1).integers(1, 3000, (3, 300, 1500)).astype(numpy.uint16)
    values[:, 40:90, 70:140] = 0
    layout = {"driver": "GTiff", "width": 1500, "height": 300, "count": 3, "dtype": "uint16", "nodata": 0, "tiled": True}
    with rasterio.open(path, "w", blockxsize=256, blockysize=256, **layout) as raster:
        raster.write(values)
    result = result_of("bench", "--raster", path, "--iterations", 2)
    assert result["valid_pixels"] == 300 * 1500 - 50 * 70
    assert result["value_sum"] == values.sum()
    assert result["megabytes"] == 3 * 300 * 1500 * 4 / 1e6
    assert len(result["seconds"]) == 2


def test_rendering_is_timed(tmp_path):
    result = result_of("bench", "--synth", 12)
    assert result["places"] == 12
    assert result["hr_megapixels_per_second"] == pytest.approx(12 * 512 * 512 / 1e6 / (12 * result["hr_median_s"]), rel=1.0)
    assert result["all_sensors_places_per_second"] > 0.1


def test_operations_on_boxes_compute_what_torchvision_computes():
    ours = result_of("bench", "--boxes", "suppress", "--iterations", 1)["sums"] | result_of("bench", "--boxes", "overlap", "--iterations", 1)["sums"]
    report = bench_boxes.Report(1)
    bench_boxes.time_suppression(report, slow=False, counts=(2000,))  # of 20,000 torchvision takes seconds
    bench_boxes.time_overlaps(report, slow=False)
    assert ours["nms_2000"] == report.sums["nms_2000"]
    assert ours["iou_100000x100"] == pytest.approx(report.sums["iou_100000x100"], rel=1e-9)
