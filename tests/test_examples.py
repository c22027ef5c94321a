"""The examples of the documentation keep their promises.

Seeds are fixed. Bounds on accuracies of spiking networks leave five standard errors over
trials: chance alone breaks one of them in fewer than one of a million changes of the
random streams.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
ERRORS = 5


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Matrices are small: threads of torch would wait more than they work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def digits():
    return load("digits")


@pytest.fixture(scope="module")
def correlation():
    return load("correlation")


@pytest.fixture(scope="module")
def small(digits):
    """A short training of a small network, and its evaluation on 120 images."""
    training, test = digits.load_digits()
    net = digits.train(training, epochs=10, hidden=48, progress=False)
    some = digits.Split(test.images[:120], test.labels[:120])
    return digits.evaluate(net, some, trials=40)


def test_split_is_fixed_and_stratified(digits):
    training, test = digits.load_digits()
    assert len(test.labels) == 360
    assert len(training.labels) + len(test.labels) == 1797
    shares = torch.bincount(test.labels) / 360
    assert torch.allclose(shares, torch.full((10,), 0.1), atol=0.01)
    seen = {tuple(row) for row in training.images.tolist()}
    assert not any(tuple(row) in seen for row in test.images.tolist())
    again = digits.load_digits()[1]
    assert torch.equal(again.images, test.images)


def test_small_network_learns_digits(small):
    assert small.moment > 0.93


def test_spikes_are_as_accurate_as_moments(small):
    assert small.spiking[-1] > small.moment - 0.04 - ERRORS * small.stderr[-1]
    assert small.spiking[-1] > small.spiking[0] + 0.2
    assert abs(small.predicted[-1] - small.spiking[-1]) < 0.05


def test_variability_is_predicted(small):
    assert small.variance_correlation > 0.8
    assert small.reliability.error < 0.15


def test_ties_share_a_win(digits):
    from spiking_reference import LayeredResult

    counts = np.array([[[[2, 2, 1]], [[0, 1, 0]]]])
    run = LayeredResult(counts=counts, readouts=np.array([50.0]), layers=())
    assert digits.win_frequencies(run)[0, 0].tolist() == [0.25, 0.75, 0.0]
    mean, error = digits.accuracy_with_error(run, torch.tensor([1]))
    assert mean == run.accuracy([1])
    assert error == pytest.approx(0.25)  # of 1/2 and 1


def test_reliability_of_frequencies_that_were_drawn_from_the_chances(digits):
    rng = np.random.default_rng(1)
    chances = rng.uniform(0.02, 0.98, 5000)
    found = digits.reliability(chances, rng.binomial(50, chances) / 50)
    assert found.size.sum() == 5000
    assert np.all(np.abs(found.predicted - found.measured) < ERRORS * found.stderr)
    assert found.error < 0.01
    assert digits.reliability(chances, 1 - chances).error > 0.3


@pytest.mark.slow
def test_digits_reach_their_targets(digits):
    """As in the script: three seeds, all held-out images."""
    training, test = digits.load_digits()
    results = []
    for seed in range(3):
        net = digits.train(training, seed=seed, progress=False)
        results.append(digits.evaluate(net, test, seed=seed))
    print("\n" + digits.table(results))
    assert np.mean([r.moment for r in results]) >= 0.98
    for result in results:
        assert result.spiking.max() >= result.moment - 0.01
        assert result.variance_correlation > 0.9
        assert result.reliability.error < 0.1


def test_twins_differ_in_nothing_but_signs_of_covariances(correlation):
    samples = correlation.draw(20, seed=4)
    apart, together = (samples.cov[samples.labels == k] for k in (0, 1))
    assert torch.equal(samples.mean[:20], samples.mean[20:])
    assert torch.equal(apart.abs(), together.abs())
    off = ~torch.eye(correlation.CHANNELS, dtype=bool)
    assert torch.all(together[:, off] > 0)
    assert torch.any(apart[:, off] < 0)
    assert torch.all(torch.linalg.eigvalsh(samples.cov) > 0)


def test_correlations_alone_are_learned_and_spiked(correlation):
    training, test = correlation.draw(200, seed=1), correlation.draw(60, seed=2)
    full = correlation.train(training, "full", epochs=15)
    diagonal = correlation.train(training, "diagonal", epochs=2)
    assert correlation.accuracy(full, test, "full") > 0.95
    # Twins are one and the same to it: half right, but for rounding where outputs tie.
    chance = correlation.accuracy(diagonal, test, "diagonal")
    assert abs(chance - 0.5) < 0.02
    run = correlation.spike(full, test, trials=5, readouts=[300], rng=1)
    # 600 decisions: a standard error of 1 % at most where the accuracy is 95 %.
    assert run.accuracy(test.labels.numpy())[0] > 0.9
