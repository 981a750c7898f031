"""`index --to-shards` as tar and other readers see it, through interruption, a full disk, damage and bad servers."""

import http.server
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import tarfile
import threading
import time
import zlib

import numpy
import pytest
import rasterio
from conftest import PROGRAM, WRONG_USAGE, refusal_of, result_of
from safetensors.numpy import load as load_safetensors

PLACES = 6
TRAIN = ["--preset", "nano", "--set", "train.steps=2", "--set", "train.batch_size=2", "--set", "train.warmup_steps=1", "--set", "views.local_views=2"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A synthetic data set of all sensors, with clouds and labels."""
    folder = tmp_path_factory.mktemp("world") / "world"
    result_of("synth", "--places", PLACES, "-o", folder)
    return folder


@pytest.fixture(scope="module")
def shards(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards") / "shards"
    result_of("index", dataset, "--to-shards", "geotiff", "--shard-size", "1M", "-o", folder)
    return folder


@pytest.fixture(scope="module")
def tensors(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tensors") / "tensors"
    result_of("index", dataset, "--to-shards", "tensors", "--shard-size", "1M", "-o", folder)
    return folder


def places_of(folder):
    return [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]


def paths_of(place):
    """Every path of a place's line, in the same order for a data set and its shards."""
    for modality in ("hr", "ms", "sar"):
        for image in place.get(modality, []):
            yield from [image["path"]] if isinstance(image["path"], str) else image["path"]
            if "validity" in image:
                yield image["validity"]
    if "label" in place:
        yield place["label"]


def sidecars(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob("shard-*.json"))]


def files_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def located(folder, path):
    """A member's path as GDAL opens it from anywhere."""
    head, tail = path.split(",")
    return f"{head},{folder / tail}"


@pytest.mark.parametrize("kind", ["shards", "tensors"])
def test_tar_and_tarfile_read_the_members_where_the_sidecar_says(kind, request):
    folder = request.getfixturevalue(kind)
    assert len(sidecars(folder)) > 1
    for sidecar in sidecars(folder):
        path = folder / sidecar["tar"]
        assert path.stat().st_size == sidecar["bytes"]
        listed = subprocess.run(["tar", "-tf", path], capture_output=True, text=True, check=True).stdout.splitlines()
        assert listed == [member["name"] for member in sidecar["members"]]
        with tarfile.open(path) as tar:
            for member in sidecar["members"]:
                found = tar.getmember(member["name"])
                assert (found.offset_data, found.size) == (member["offset"], member["bytes"])
                assert f"{zlib.crc32(tar.extractfile(found).read()):08x}" == member["crc32"]


def test_the_index_names_members_that_gdal_reads_as_the_files(dataset, shards):
    before, after = places_of(dataset), places_of(shards)
    assert [place["id"] for place in before] == [place["id"] for place in after]
    compared = 0
    for old, new in zip(before, after):
        for file, member in zip(paths_of(old), paths_of(new), strict=True):
            with rasterio.open(dataset / file) as a, rasterio.open(located(shards, member)) as b:
                assert a.profile == b.profile and a.descriptions == b.descriptions
                assert numpy.array_equal(a.read(), b.read(), equal_nan=True)
            compared += 1
    assert compared > 10 * PLACES
    assert (shards / "contract.json").read_bytes() == (dataset / "contract.json").read_bytes()


def test_a_model_trains_alike_on_files_shards_and_tensors(dataset, shards, tensors, folder):
    weights = []
    for number, data in enumerate((dataset, shards, tensors)):
        result = result_of("pretrain", *TRAIN, "--data", data, "-o", folder / f"{number}")
        assert result["skipped_places"] == 0
        weights.append((folder / f"{number}" / "model" / "student.safetensors").resolve().read_bytes())
    assert weights[0] == weights[1] == weights[2]


def test_tensor_members_hold_stored_values(dataset, tensors):
    place, sidecar = places_of(dataset)[0], sidecars(tensors)[0]
    member = sidecar["members"][0]
    data = (tensors / sidecar["tar"]).read_bytes()[member["offset"] : member["offset"] + member["bytes"]]
    held = load_safetensors(data)
    with rasterio.open(dataset / place["hr"][0]["path"]) as raster:
        assert held["hr.stored"].dtype == numpy.uint8 and numpy.array_equal(held["hr.stored"][0], raster.read())
    assert held["ms.stored"].itemsize == 2 and held["ms.stored"].shape[0] == len(held["ms.days"])
    assert numpy.allclose(held["lonlat"], place["lonlat"])
    days = [time.strptime(image["date"], "%Y-%m-%d").tm_yday for image in place["ms"]]
    assert held["ms.days"].tolist() == days


def test_a_killed_run_goes_on_with_whole_shards(dataset, shards, folder):
    command = ["index", dataset, "--to-shards", "geotiff", "--shard-size", "1M", "-o", folder / "out"]
    process = subprocess.Popen([PROGRAM, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (folder / "out" / "shard-00001.json").exists() and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    # Whether or not it was quicker than the signal: a torn last shard is what a kill may leave.
    for name in ("index.jsonl", "shards.json", "shard-00002.json"):
        (folder / "out" / name).unlink(missing_ok=True)
    (folder / "out" / ".shard-00002.tar.1.tmp").write_bytes(b"half")
    first = (folder / "out" / "shard-00000.tar").stat()
    assert result_of(*command)["places"] == PLACES
    assert (folder / "out" / "shard-00000.tar").stat().st_mtime_ns == first.st_mtime_ns, "it was written again"
    assert files_of(folder / "out") == files_of(shards)


def limit_files_to(size):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write beyond the limit fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def test_a_full_disk_leaves_earlier_shards_and_no_half_one(dataset, shards, folder):
    sizes = [sidecar["bytes"] for sidecar in sidecars(shards)]
    shutil.copytree(shards, folder / "out")
    for name in ["index.jsonl", "shards.json", *(path.name for path in shards.glob("shard-*") if "00000" not in path.name)]:
        (folder / "out" / name).unlink()
    command = ["index", dataset, "--to-shards", "geotiff", "--shard-size", "1M", "-o", folder / "out"]
    message = refusal_of(*command, preexec_fn=limit_files_to(min(sizes[1:]) // 2))
    assert "shard-00001.tar" in message and "too large" in message
    assert sorted(files_of(folder / "out")) == ["classes.json", "contract.json", "label-classes.json", "shard-00000.json", "shard-00000.tar"]
    result_of(*command)
    assert files_of(folder / "out") == files_of(shards)


def test_shards_of_another_dataset_or_a_finished_set_are_not_mixed(dataset, shards, folder):
    command = ["index", dataset, "--to-shards", "geotiff", "--shard-size", "2M", "-o"]
    assert "finished" in refusal_of(*command, shards)
    shutil.copytree(shards, folder / "out")
    for name in ("index.jsonl", "shards.json"):
        (folder / "out" / name).unlink()
    assert "another dataset" in refusal_of(*command, folder / "out")
    result_of(*command, folder / "out", "--overwrite")
    assert "itself" in refusal_of(*command, dataset, "--overwrite", code=WRONG_USAGE)
    assert (dataset / "index.jsonl").exists()
    assert "256M" in refusal_of("index", dataset, "--to-shards", "tensors", "--shard-size", "2X", "-o", folder / "x", code=WRONG_USAGE)


def test_scl_layers_keep_their_meaning_and_odd_files_are_converted(folder):
    grid = {"crs": "EPSG:32631", "transform": rasterio.transform.from_origin(5e5, 5.6e6, 10, 10)}
    source = folder / "data"
    source.mkdir()
    values = numpy.random.default_rng(0).integers(1, 4000, (10, 24, 24)).astype("uint16")
    with rasterio.open(source / "S2.tif", "w", driver="GTiff", count=10, height=24, width=24, dtype="uint16", **grid) as raster:
        raster.write(values)
    scl = numpy.random.default_rng(1).integers(0, 12, (24, 24)).astype("uint8")
    with rasterio.open(source / "a_SCL.tif", "w", driver="GTiff", count=1, height=24, width=24, dtype="uint8", **grid) as raster:
        raster.write(scl, 1)
    subprocess.run(["gdalbuildvrt", "-q", source / "S2.vrt", source / "S2.tif"], check=True)
    result_of("index", source, "--sensor", "sentinel2-l2a", "-o", folder / "other")  # for its contract
    (source / "contract.json").write_bytes((folder / "other" / "contract.json").read_bytes())
    (source / "index.jsonl").write_text('{"id":"a/b c","ms":[{"path":"S2.vrt","validity":"a_SCL.tif"}]}\n')
    result = result_of("index", source, "--to-shards", "geotiff", "-o", folder / "shards")
    assert result["converted"] == 2 and result["members"] == 2
    (place,) = places_of(folder / "shards")
    with rasterio.open(located(folder / "shards", place["ms"][0]["path"])) as raster:
        assert numpy.array_equal(raster.read(), values) and raster.crs == "EPSG:32631"
    with rasterio.open(located(folder / "shards", place["ms"][0]["validity"])) as raster:
        assert numpy.array_equal(raster.read(1), numpy.isin(scl, [2, 4, 5, 6, 7, 11]))
    result_of("index", folder / "shards", "--to-shards", "tensors", "-o", folder / "tensors")
    (sidecar,) = sidecars(folder / "tensors")
    member = sidecar["members"][0]
    held = load_safetensors((folder / "tensors" / sidecar["tar"]).read_bytes()[member["offset"] :][: member["bytes"]])
    assert numpy.array_equal(held["ms.valid"][0] != 0, numpy.isin(scl, [2, 4, 5, 6, 7, 11]))


def damage(folder, sidecar, member):
    with open(folder / sidecar["tar"], "r+b") as tar:
        tar.seek(member["offset"] + member["bytes"] // 2)
        byte = tar.read(1)
        tar.seek(-1, os.SEEK_CUR)
        tar.write(bytes([byte[0] ^ 0x10]))


@pytest.mark.parametrize("kind", ["shards", "tensors"])
def test_a_damaged_member_is_skipped_counted_and_named_unless_strict(kind, request, folder):
    copy = shutil.copytree(request.getfixturevalue(kind), folder / "copy")
    sidecar = sidecars(copy)[0]
    member = next(member for member in sidecar["members"] if "/sar-0" in member["name"] or kind == "tensors")
    damage(copy, sidecar, member)
    done = subprocess.run([PROGRAM, "pretrain", *TRAIN, "--set", "train.steps=4", "--data", copy, "-o", folder / "run"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["skipped_places"] == 1
    assert member["name"] in done.stderr and "checksum" in done.stderr
    message = refusal_of("pretrain", *TRAIN, "--set", "train.steps=4", "--set", "loader.strict=true", "--data", copy, "-o", folder / "strict")
    assert member["name"] in message and sidecar["tar"] in message


@pytest.mark.parametrize("kind", ["shards", "tensors"])
def test_a_shard_cut_short_costs_its_last_places_only(kind, request, folder):
    copy = shutil.copytree(request.getfixturevalue(kind), folder / "copy")
    sidecar = sidecars(copy)[0]
    # Within the last member that views are made of: training reads no labels.
    last = [member for member in sidecar["members"] if "label" not in member["name"]][-1]
    os.truncate(copy / sidecar["tar"], last["offset"] + 100)
    done = subprocess.run([PROGRAM, "pretrain", *TRAIN, "--set", "train.steps=4", "--data", copy, "-o", folder / "run"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["skipped_places"] == 1
    assert "cut short" in done.stderr


@pytest.mark.parametrize("kind", ["shards", "tensors"])
def test_a_damaged_sidecar_is_named(kind, request, folder):
    copy = shutil.copytree(request.getfixturevalue(kind), folder / "copy")
    (copy / "shards.json").write_text("{")
    assert "shards.json" in refusal_of("pretrain", *TRAIN, "--data", copy, "-o", folder / "run")


def test_memory_does_not_grow_over_an_epoch(shards):
    """Twenty epochs of the places take no more memory than the first."""
    few, many = (result_of("bench", "--loader", shards, "--crop", 16, "--batch", 2, "--steps", steps)["peak_memory_mb"] for steps in (PLACES // 2, 20 * PLACES // 2))
    assert many < 1.1 * few + 10


class RangeHandler(http.server.SimpleHTTPRequestHandler):
    """Files by byte ranges, as object stores serve them."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.translate_path(self.path)
        if not os.path.isfile(path):
            return self.send_error(404)
        size = os.path.getsize(path)
        first, last = 0, size - 1
        if wanted := self.headers.get("Range"):
            first, last = (int(text or size - 1) for text in wanted.removeprefix("bytes=").split("-"))
        last = min(last, size - 1)
        self.send_response(206 if wanted else 200)
        self.send_header("Accept-Ranges", "bytes")
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        with open(path, "rb") as file:
            file.seek(first)
            self.wfile.write(file.read(last - first + 1))

    def log_message(self, *arguments):
        pass


def test_shards_are_read_from_a_server_as_from_a_disk(shards, folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: RangeHandler(*a, directory=str(shards)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    result_of("pretrain", *TRAIN, "--data", f"http://127.0.0.1:{server.server_port}", "-o", folder / "remote")
    server.shutdown()
    result_of("pretrain", *TRAIN, "--data", shards, "-o", folder / "local")
    remote, local = ((folder / name / "model" / "student.safetensors").resolve().read_bytes() for name in ("remote", "local"))
    assert remote == local


def test_a_server_that_says_nothing_is_given_up_after_retries(folder):
    asked = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            connection, _ = listener.accept()
            asked.append(connection)  # kept open, never answered

    threading.Thread(target=accept, daemon=True).start()
    environment = os.environ | {"GDAL_HTTP_TIMEOUT": "1", "GDAL_HTTP_RETRY_DELAY": "0.1", "GDAL_HTTP_MAX_RETRY": "2"}
    started = time.monotonic()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/set"
    message = refusal_of("pretrain", *TRAIN, "--data", address, "-o", folder / "run", env=environment)
    assert "index.jsonl" in message
    assert 2 < time.monotonic() - started < 60
    assert len(asked) >= 3, "one request and two retries"
