"""References of eval/: scikit-learn's metrics and logistic regression, SciPy's test, and a NumPy kNN with the same rule."""

import numpy as np
import torch
from scipy.stats import binomtest
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from parity.eval_data import clusters


def scores(truth: np.ndarray, predicted: np.ndarray, classes: int) -> dict[str, torch.Tensor]:
    labels = np.arange(classes)
    present = np.unique(truth)
    precision, _, f1, samples = sk.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
    recall = sk.recall_score(truth, predicted, labels=present, average=None, zero_division=0)
    return {
        "truth": torch.tensor(truth), "predicted": torch.tensor(predicted),
        "confusion": torch.tensor(sk.confusion_matrix(truth, predicted, labels=labels)),
        "overall_accuracy": torch.tensor(sk.accuracy_score(truth, predicted), dtype=torch.float64),
        "mean_class_accuracy": torch.tensor(recall.mean(), dtype=torch.float64),
        "macro_f1": torch.tensor(sk.f1_score(truth, predicted, average="macro", zero_division=0), dtype=torch.float64),
        "present": torch.tensor(present), "recall": torch.tensor(recall),
        "precision": torch.tensor(precision), "f1": torch.tensor(f1), "samples": torch.tensor(samples),
    }


def knn(train: np.ndarray, classes: np.ndarray, test: np.ndarray, count: int, k: int, temperature: float) -> np.ndarray:
    """DINO's rule; ties go to the lower sample number and the lower class."""
    unit = lambda x: x.astype(np.float64) / np.maximum(np.linalg.norm(x.astype(np.float64), axis=1, keepdims=True), 1e-12)
    predicted = []
    for row in (unit(test) @ unit(train).T).astype(np.float32):
        nearest = np.argsort(-row, kind="stable")[:k]
        votes = np.zeros(count)
        for i in nearest:
            votes[classes[i]] += np.exp(float(row[i]) / temperature)
        predicted.append(int(votes.argmax()))
    return np.array(predicted)


def knn_fixture(rng: np.random.Generator, k: int, temperature: float) -> dict[str, torch.Tensor]:
    features, classes = clusters(rng, samples=600, width=24, count=7, spread=3.0)
    # Doubled samples with other classes make exact ties.
    features[100:120], classes[100:120] = features[0:20], (classes[0:20] + 1) % 7
    train, test = slice(0, 400), slice(400, 600)
    predicted = knn(features[train], classes[train], features[test], 7, k, temperature)
    return {
        "train_features": torch.tensor(features[train]), "train_classes": torch.tensor(classes[train]),
        "test_features": torch.tensor(features[test]), "predicted": torch.tensor(predicted),
    }


def logistic_fixture(rng: np.random.Generator, l2: float) -> dict[str, torch.Tensor]:
    features, classes = clusters(rng, samples=900, width=20, count=5, spread=2.5)
    train, test = slice(0, 600), slice(600, 900)
    mean, std = features[train].mean(0), features[train].std(0)
    standard = lambda x: (x.astype(np.float64) - mean) / std
    # scikit-learn's C weighs the sum of the losses, our l2 the mean of them.
    model = LogisticRegression(C=1 / (l2 * 600), tol=1e-8, max_iter=10000).fit(standard(features[train]), classes[train])
    loss = log_loss(classes[train], model.predict_proba(standard(features[train])))
    return {
        "train_features": torch.tensor(features[train]), "train_classes": torch.tensor(classes[train]),
        "test_features": torch.tensor(features[test]), "test_classes": torch.tensor(classes[test]),
        "objective": torch.tensor(loss + l2 / 2 * (model.coef_**2).sum(), dtype=torch.float64),
        "loss": torch.tensor(loss, dtype=torch.float64),
        "accuracy": torch.tensor(model.score(standard(features[test]), classes[test]), dtype=torch.float64),
        "weight": torch.tensor(model.coef_), "l2": torch.tensor(l2, dtype=torch.float64),
    }


def paired_fixture(rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """Per row: samples, difference, standard error of the per-sample differences, exact McNemar p."""
    rows, first, second = [], [], []
    for p, q in ((0.6, 0.5), (0.9, 0.4), (0.5, 0.5)):
        a, b = rng.random(300) < p, rng.random(300) < q
        difference = a.astype(float) - b.astype(float)
        only_a, only_b = int((a & ~b).sum()), int((~a & b).sum())
        rows.append([difference.mean(), difference.std() / np.sqrt(300), binomtest(only_a, only_a + only_b).pvalue])
        first.append(a), second.append(b)
    return {"first": torch.tensor(np.array(first)), "second": torch.tensor(np.array(second)),
            "expected": torch.tensor(rows, dtype=torch.float64)}


def fixtures() -> dict[str, dict[str, torch.Tensor]]:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 6, 500)
    noisy = np.where(rng.random(500) < 0.7, truth, rng.integers(0, 6, 500))
    return {
        "metrics_random": scores(truth, noisy, 6),
        # Class 3 never occurs in the truth, class 4 is never predicted, class 5 occurs nowhere.
        "metrics_absent_classes": scores(np.array([0, 0, 1, 1, 2, 4]), np.array([0, 1, 1, 3, 2, 2]), 6),
        "metrics_one_class": scores(np.zeros(5, dtype=np.int64), np.zeros(5, dtype=np.int64), 1),
        "metrics_all_wrong": scores(np.array([0, 1, 0]), np.array([1, 0, 1]), 2),
        "metrics_paired": paired_fixture(rng),
        "knn_default": knn_fixture(rng, 20, 0.07),
        "knn_nearest": knn_fixture(rng, 1, 0.07),
        "knn_all": knn_fixture(rng, 400, 1.0),
        "logistic_weak": logistic_fixture(rng, 1e-3),
        "logistic_strong": logistic_fixture(rng, 1e-1),
    }
