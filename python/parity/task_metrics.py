"""References of the tasks' metrics in eval/: scikit-learn, torchmetrics and SciPy; NumPy where they have none (SCS)."""

import warnings

import numpy as np
import torch
from scipy.stats import bootstrap
from sklearn import metrics as sk
from torchmetrics.classification import MulticlassF1Score, MulticlassJaccardIndex, MultilabelAveragePrecision

IGNORED = -1
real = lambda value: torch.tensor(value, dtype=torch.float64)


def segmentation(truth: np.ndarray, predicted: np.ndarray, classes: int) -> dict[str, torch.Tensor]:
    """Scores of class maps with ignored pixels; a class that is nowhere has IoU -1 here and none there."""
    kept = truth != IGNORED
    t, p = truth[kept], predicted[kept]
    labels = np.arange(classes)
    seen = np.union1d(t, p)
    iou = sk.jaccard_score(t, p, labels=labels, average=None, zero_division=0) if t.size else np.zeros(classes)
    tensors = {
        "truth": torch.tensor(truth), "predicted": torch.tensor(predicted),
        "iou": real(np.where(np.isin(labels, seen), iou, -1)),
        "mean_iou": real(iou[seen].mean() if seen.size else 0),
        "macro_f1": real(sk.f1_score(t, p, labels=seen, average="macro", zero_division=0) if seen.size else 0),
        "overall_accuracy": real(sk.accuracy_score(t, p) if t.size else 0),
    }
    if t.size:  # a second opinion, which ignores by itself; it counts in float32
        reference = {"mean_iou": MulticlassJaccardIndex, "macro_f1": MulticlassF1Score}
        for name, metric in reference.items():
            value = metric(max(classes, 2), average="macro", ignore_index=IGNORED)(torch.tensor(predicted), torch.tensor(truth))
            assert abs(value.item() - tensors[name].item()) < 1e-6, f"torchmetrics has {name} {value}, scikit-learn {tensors[name]}"
    return tensors


def binary(truth: np.ndarray, predicted: np.ndarray) -> dict[str, torch.Tensor]:
    scores = [f(truth, predicted, zero_division=0) for f in (sk.precision_score, sk.recall_score, sk.f1_score, sk.jaccard_score)]
    return {"truth": torch.tensor(truth), "predicted": torch.tensor(predicted),
            "expected": real([*scores, sk.accuracy_score(truth, predicted)])}


def top_k(scores: np.ndarray, truth: np.ndarray) -> dict[str, torch.Tensor]:
    """scikit-learn puts the higher class first among equal scores; ours is the lower: the classes are turned round."""
    classes = scores.shape[1]
    expected = [sk.top_k_accuracy_score(classes - 1 - truth, scores[:, ::-1], k=k, labels=np.arange(classes)) for k in (1, 2, 5)]
    return {"scores": torch.tensor(scores.copy()), "truth": torch.tensor(truth), "expected": real(expected)}


def ranking(scores: np.ndarray, truth: np.ndarray) -> dict[str, torch.Tensor]:
    """A class without positives has no average precision: -1 here."""
    positive = truth.any(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        per_class = sk.average_precision_score(truth, scores, average=None)
    macro = per_class[positive].mean() if positive.any() else 0
    theirs = MultilabelAveragePrecision(truth.shape[1], average="none")(torch.tensor(scores), torch.tensor(truth).long())
    assert np.allclose(theirs.numpy()[positive], per_class[positive], atol=1e-5)
    return {
        "scores": torch.tensor(scores), "truth": torch.tensor(truth), "classes": real(np.where(positive, per_class, -1)),
        "macro": real(macro), "micro": real(sk.average_precision_score(truth, scores, average="micro") if positive.any() else 0),
    }


def semantic_change(truth: np.ndarray, predicted: np.ndarray, classes: int) -> dict[str, torch.Tensor]:
    """DynamicEarthNet's score from its formulas (arXiv 2203.12560, sec. 4), over all pairs of following dates."""
    changed, claimed = truth[:-1] != truth[1:], predicted[:-1] != predicted[1:]
    either = (changed | claimed).sum()
    bc = (changed & claimed).sum() / either if either else 0.0
    counted = changed & (truth[1:] != IGNORED)
    t, p = truth[1:][counted], predicted[1:][counted]
    sc = sk.jaccard_score(t, p, labels=np.unique(t), average=None, zero_division=0).mean() if t.size else 0.0
    return {"truth": torch.tensor(truth), "predicted": torch.tensor(predicted), "expected": real([(bc + sc) / 2, bc, sc])}


def intervals(rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """Of a mean, where SciPy can resample too."""
    values = rng.gamma(2.0, size=80)
    result = bootstrap((values,), np.mean, n_resamples=20000, method="percentile", confidence_level=0.9, rng=rng)
    return {"values": real(values),
            "expected": real([result.confidence_interval.low, result.confidence_interval.high, result.standard_error])}


def fixtures() -> dict[str, dict[str, torch.Tensor]]:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 6, (3, 20, 30))
    noisy = np.where(rng.random(truth.shape) < 0.6, truth, rng.integers(0, 6, truth.shape))
    ignoring = np.where(rng.random(truth.shape) < 0.2, IGNORED, truth)
    scores = rng.normal(size=(200, 12)).astype(np.float32)
    labels = rng.random((200, 12)) < 0.2
    labels[:, 3] = False
    nothing = np.zeros((5, 2), dtype=bool)
    series = np.where(rng.random((5, 16, 16)) < 0.9, 2, rng.integers(0, 5, (5, 16, 16)))
    guess = np.where(rng.random(series.shape) < 0.8, series, rng.integers(0, 5, series.shape))
    cloudy = np.where(rng.random(series.shape) < 0.1, IGNORED, series)
    still = np.full((3, 4, 4), 1)
    change = rng.random(500) < 0.1
    return {
        "segmentation_random": segmentation(truth, noisy, 6),
        "segmentation_ignoring": segmentation(ignoring, noisy, 6),
        # Class 1 is never predicted, class 3 never true, class 4 nowhere.
        "segmentation_absent": segmentation(np.array([0, 0, 1, 2, 2]), np.array([0, 3, 2, 2, 3]), 5),
        "segmentation_all_ignored": segmentation(np.full(4, IGNORED), np.array([0, 1, 2, 1]), 3),
        "segmentation_one_class": segmentation(np.array([0, 0, IGNORED]), np.zeros(3, dtype=np.int64), 1),
        "change_random": binary(change.astype(np.int64), (change ^ (rng.random(500) < 0.05)).astype(np.int64)),
        "change_none": binary(np.zeros(9, dtype=np.int64), np.zeros(9, dtype=np.int64)),
        "top_k_random": top_k(scores, rng.integers(0, 12, 200)),
        "top_k_ties": top_k(np.round(scores), rng.integers(0, 12, 200)),
        "ranking_random": ranking(scores, labels),
        "ranking_ties": ranking(np.round(scores), labels),
        "ranking_without_positives": ranking(scores[:5, :2], nothing),
        "semantic_change_random": semantic_change(series, guess, 5),
        "semantic_change_ignoring": semantic_change(cloudy, guess, 5),
        "semantic_change_none": semantic_change(still, still, 5),
        "bootstrap_mean": intervals(rng),
    }
