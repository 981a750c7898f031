"""`visualize`: t-SNE beside scikit-learn's, its files, and a model's features by modality."""

import csv
import json
import struct

import numpy
import pytest
from conftest import WRONG_USAGE, refusal_of, result_of
from safetensors.numpy import load_file, save_file
from sklearn.datasets import load_digits, make_swiss_roll
from sklearn.manifold import TSNE, trustworthiness

NANO = ["--set", "train.steps=2", "--set", "train.batch_size=2", "--set", "train.warmup_steps=1", "--set", "views.local_views=1"]


def digits():
    data = load_digits()
    return data.data[:900], data.target[:900]


def clusters():
    """Twelve clouds in 200 dimensions, some of them close together."""
    random = numpy.random.default_rng(3)
    labels = random.integers(0, 12, 700)
    return random.normal(0, 1.2, (12, 200))[labels] + random.normal(0, 1, (700, 200)), labels


def roll():
    values, along = make_swiss_roll(600, random_state=1)
    return values, (along > numpy.median(along)).astype(int)


def feature_file(path, values, labels=None, **metadata):
    tensors = {"features": numpy.ascontiguousarray(values, "float32")}
    if labels is not None:
        tensors["labels"] = numpy.asarray(labels, "int64")
    save_file(tensors, path, metadata or None)
    return path


def size_of_png(path):
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", data[16:24])


@pytest.mark.parametrize("make", [digits, clusters, roll])
def test_neighbourhoods_are_as_trustworthy_as_those_of_scikit_learn(make, folder):
    """Within 0.02 of scikit-learn's Barnes-Hut t-SNE with the same settings, at two sizes of neighbourhood."""
    values, labels = make()
    path = feature_file(folder / "values.safetensors", values, labels)
    result = result_of("visualize", "tsne", path, "-o", folder / "plot.png", "--coordinates", folder / "xy.safetensors")
    assert result["points"] == len(values) and result["coloured_by"] == "label"
    ours = load_file(folder / "xy.safetensors")["features"]
    theirs = TSNE(random_state=0, max_iter=500).fit_transform(values)
    for neighbours in (5, 15):
        assert trustworthiness(values, ours, n_neighbors=neighbours) >= trustworthiness(values, theirs, n_neighbors=neighbours) - 0.02
    width, height = size_of_png(folder / "plot.png")
    assert width > height > 900


def test_any_number_of_threads_draws_the_same_picture(folder):
    path = feature_file(folder / "a.safetensors", *clusters())
    for threads in (1, 2, 3):
        result_of("visualize", "tsne", path, "--iterations", 300, "--threads", threads, "-o", folder / f"{threads}.png", "--coordinates", folder / f"{threads}.csv")
    assert (folder / "1.png").read_bytes() == (folder / "2.png").read_bytes() == (folder / "3.png").read_bytes()
    assert (folder / "1.csv").read_bytes() == (folder / "2.csv").read_bytes()


def test_sources_keep_their_names_and_points_their_labels(folder):
    values, labels = clusters()
    first = feature_file(folder / "a.safetensors", values[:100], labels[:100], class_names=json.dumps(["lake, deep", "wood"]), ids=json.dumps([f"p{i}" for i in range(100)]))
    second = feature_file(folder / "b.safetensors", values[100:160])
    result = result_of("visualize", "tsne", f"before={first}", second, "--iterations", 250, "-o", folder / "plot.png", "--coordinates", folder / "xy.csv")
    assert result["coloured_by"] == "source"
    rows = list(csv.DictReader((folder / "xy.csv").open()))
    assert [row["source"] for row in rows] == ["before"] * 100 + ["b"] * 60
    assert [row["id"] for row in rows[:100]] == [f"p{i}" for i in range(100)]
    names = {0: "lake, deep", 1: "wood"}
    assert [row["label"] for row in rows] == [names.get(label, str(label)) for label in labels[:100]] + [""] * 60
    assert numpy.isfinite([[float(row["x"]), float(row["y"])] for row in rows]).all()


def test_tables_of_vectors_are_read_by_their_columns(folder):
    values, labels = clusters()
    lines = ["plot,crop,f0,f1,f2"] + [f"{i},{'wheat' if labels[i] % 2 else 'maize'},{','.join(map(str, values[i, :3]))}" for i in range(80)]
    (folder / "vectors.csv").write_text("\n".join(lines + ["80,wheat,,,"]) + "\n")
    options = ["--perplexity", 10, "--iterations", 250, "-o", folder / "plot.png", "--coordinates", folder / "xy.csv"]
    assert result_of("visualize", "tsne", folder / "vectors.csv", "--label", "crop", *options)["points"] == 80
    rows = list(csv.DictReader((folder / "xy.csv").open()))
    assert [row["label"] for row in rows] == ["wheat" if label % 2 else "maize" for label in labels[:80]]
    assert "no column 'crops'" in refusal_of("visualize", "tsne", folder / "vectors.csv", "--label", "crops", *options)


def test_what_cannot_be_drawn_is_named(folder):
    values, _ = clusters()
    good = feature_file(folder / "good.safetensors", values[:50])
    narrow = feature_file(folder / "narrow.safetensors", values[:50, :7])
    holes = feature_file(folder / "holes.safetensors", numpy.where(values[:50] > 3, numpy.nan, values[:50]))
    (folder / "text.csv").write_text("a,b\n1,2\n")
    draw = lambda *words: refusal_of("visualize", "tsne", *words, "-o", folder / "plot.png")
    assert "50 points are too few for a perplexity of 60" in draw(good, "--perplexity", 60)
    assert "narrow has vectors of 7 values, good of 200" in draw(good, narrow)
    assert "not finite" in draw(holes) and "holes.safetensors" in draw(holes)
    assert "no columns f0" in draw(folder / "text.csv")
    assert "no labels" in draw(good, "--colour-by", "label", "--perplexity", 10, "--iterations", 250)
    assert "absent.safetensors" in draw(folder / "absent.safetensors")
    assert "--iterations" in refusal_of("visualize", "tsne", good, "--iterations", 3, "-o", folder / "plot.png", code=WRONG_USAGE)
    assert not (folder / "plot.png").exists()


def test_a_models_features_are_drawn_with_and_without_prompts(folder):
    result_of("synth", "--places", 12, "-o", folder / "world")
    result_of("pretrain", "--preset", "nano", *NANO, "--data", folder / "world", "-o", folder / "run")
    draw = lambda *words: result_of("visualize", "features", "--model", folder / "run", "--perplexity", 5, "--iterations", 250, *words)
    world = ("--data", folder / "world")
    both = draw(*world, "--without-prompts", "-o", folder / "both.png", "--coordinates", folder / "xy.csv")
    assert both["places"] == {"hr": 12, "ms": 12, "sar": 12}
    rows = list(csv.DictReader((folder / "xy.csv").open()))
    assert [row["source"] for row in rows] == ["hr"] * 12 + ["ms"] * 12 + ["sar"] * 12
    one = draw(*world, "--places", 8, "-o", folder / "one.png")
    assert one["places"] == {"hr": 8, "ms": 8, "sar": 8} and "kl_divergence_without_prompts" not in one
    assert size_of_png(folder / "both.png")[0] > 1.8 * size_of_png(folder / "one.png")[0]
    assert both["kl_divergence"] != both["kl_divergence_without_prompts"], "leaving the prompts out changes the features"
    rendered = draw("--data", "synth:9,size=16", "--coordinates", folder / "held_out.csv", "-o", folder / "held_out.png")
    assert rendered["places"] == {"hr": 9, "ms": 9, "sar": 9}, "places of the synthetic world need no files"


def test_probe_writes_the_features_it_measured(folder):
    result_of("synth", "--places", 24, "-o", folder / "world")
    result_of("pretrain", "--preset", "nano", *NANO, "--data", folder / "world", "-o", folder / "run")
    probed = result_of("probe", "--model", folder / "run", "--data", folder / "world", "-o", folder / "probe")
    held = load_file(folder / "probe" / "features.safetensors")
    assert len(held["features"]) == probed["train_samples"] + probed["test_samples"] == 24
    assert numpy.bincount(held["labels"]).sum() == 24 and held["labels"].max() < len(probed["classes"])
    drawn = result_of("visualize", "tsne", folder / "probe" / "features.safetensors", "--perplexity", 5, "-o", folder / "plot.png")
    assert drawn["coloured_by"] == "label" and drawn["features"] == held["features"].shape[1]


def test_the_queries_of_a_model_are_drawn_over_the_places(folder):
    result_of("synth", "--places", 5, "-o", folder / "world")
    result_of("pretrain", "--preset", "nano", *NANO, "--data", folder / "world", "-o", folder / "run")
    draw = lambda *words: ["visualize", "attention", "--model", folder / "run", "--data", folder / "world", "-o", folder / "queries.png", *words]
    drawn = result_of(*draw("--places", 2, "--weights", folder / "weights.safetensors"))
    weights = load_file(folder / "weights.safetensors")
    assert sorted(weights) == sorted(drawn["places"]) and len(weights) == 2 and drawn["queries"] == list(range(16))
    for map in weights.values():
        assert map.shape == (16, 64, 64) and (map >= 0).all()
        numpy.testing.assert_allclose(map.sum((1, 2)), 1, rtol=1e-4)
        assert map.max() > 1.02 / 4096, "no query prefers anything"
    width, height = size_of_png(folder / "queries.png")
    assert width > 17 * 176 and 2 * 176 < height < 3 * 176
    named = result_of(*draw("--place", drawn["places"][1], "--query", 3, 7))
    assert named["places"] == drawn["places"][1:] and named["queries"] == [3, 7]
    assert size_of_png(folder / "queries.png")[0] < 4 * 192
    assert "queries 0 to 15" in refusal_of(*draw("--query", 16), code=WRONG_USAGE)
    assert "has no place 'nowhere'" in refusal_of(*draw("--place", "nowhere"))
    result_of("pretrain", "--preset", "nano", *NANO, "--set", "weights.qsacl=0", "--data", folder / "world", "-o", folder / "plain")
    assert "without QSACL" in refusal_of("visualize", "attention", "--model", folder / "plain", "--data", folder / "world", "-o", folder / "queries.png")
