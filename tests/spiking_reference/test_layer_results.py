"""Predictions, accuracies, and the errors of covariances."""

import numpy as np
import pytest

from spiking_reference import LayeredResult, statistics


def result(counts):
    counts = np.asarray(counts)
    return LayeredResult(
        counts=counts, readouts=np.arange(1.0, 1 + counts.shape[2]), layers=()
    )


def test_ties_count_as_the_chance_to_draw_the_true_class():
    # (batch 2, trials 2, readouts 2, classes 3)
    run = result(
        [
            [[[0, 0, 0], [3, 1, 2]], [[1, 1, 0], [0, 2, 2]]],
            [[[0, 2, 2], [1, 0, 2]], [[5, 0, 0], [4, 4, 4]]],
        ]
    )
    assert run.predictions().tolist() == [[[0, 0], [0, 1]], [[1, 2], [0, 0]]]
    first = (1 / 3 + 1 / 2 + 1 / 2 + 0) / 4
    second = (1 + 0 + 1 + 1 / 3) / 4
    np.testing.assert_allclose(run.accuracy([0, 2]), [first, second])
    # Summed over trials: [1 1 0], [3 3 4]; [5 2 2], [5 4 6].
    np.testing.assert_allclose(run.accuracy([0, 2], pooled=True), [0.25, 0.5])


def test_labels_are_checked():
    run = result(np.zeros((2, 1, 1, 3), dtype=int))
    with pytest.raises(TypeError, match="must be integers"):
        run.accuracy([0.0, 1.0])
    with pytest.raises(ValueError, match=r"shape \(batch,\) = \(2,\)"):
        run.accuracy([0])
    with pytest.raises(ValueError, match="from 0 to 2"):
        run.accuracy([0, 3])


@pytest.mark.parametrize("per_batch", [1, 4])
def test_covariance_and_its_error_agree_with_the_jackknife(per_batch):
    g = np.random.default_rng(1)
    batches, n, window = 400, 4, 10.0
    shared = g.poisson(2.0, (batches, per_batch, 1))
    counts = g.poisson([1.0, 3.0, 5.0, 0.0], (batches, per_batch, n))
    counts[..., :3] += shared
    a = counts.sum(1).astype(float)
    p = np.einsum("bwi,bwj->bij", counts, counts).astype(float)
    q = np.diagonal(p, axis1=1, axis2=2)
    sums = np.stack([a, q, a * a, a * q, q * q], axis=-1).sum(0)
    mixed = [p, p * p, p * a[:, :, None], a[:, :, None] * a[:, None, :]]
    pairs = np.stack([m.sum(0) for m in mixed])
    found = statistics.window_covariance(sums, pairs, batches, per_batch, window)
    flat = counts.reshape(-1, n)
    np.testing.assert_allclose(found.value, np.cov(flat, rowvar=False) / window)
    known = statistics.pair_covariance(a[None], p[None], per_batch, window)
    np.testing.assert_allclose(found.stderr[:3, :3], known.stderr[0, :3, :3], rtol=0.02)
    np.testing.assert_allclose(found.stderr[3], 1 / (400 * per_batch * window))
    rate = statistics.window_rate(sums, batches, per_batch, window)
    np.testing.assert_allclose(rate.value, flat.mean(0) / window)
    spread = a.std(0, ddof=1) / np.sqrt(batches) / per_batch / window
    np.testing.assert_allclose(rate.stderr[:3], spread[:3])
