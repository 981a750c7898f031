"""Features in overlapping clusters, for the references of eval/."""

import numpy as np


def clusters(rng: np.random.Generator, samples: int, width: int, count: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian clusters round `count` centres: float32 features [samples, width], int64 classes [samples]."""
    centres = rng.normal(size=(count, width))
    classes = rng.integers(0, count, samples)
    return (centres[classes] + spread * rng.normal(size=(samples, width))).astype(np.float32), classes
