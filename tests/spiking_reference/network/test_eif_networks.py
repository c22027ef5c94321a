"""EIF networks of balanced theory: rates by size, irregularity.

Measured rates are those of another program (forward Euler at 0.1 ms), 3 realizations of 4.5 s
with standard deviations of 0.02 to 0.08 Hz among them.
"""

import numpy as np
import pytest

from spiking_reference import simulate_network
from tests.spiking_reference.network.eif_networks import P1, P2, eif_network, start


def rates(n, parameters, duration, dt=0.1, seed=1):
    network = eif_network(n, parameters, dt)
    run = simulate_network(
        network, duration=duration, warmup=500.0, dt=dt, initial=start(network, seed),
        rng=seed,
    )  # fmt: skip
    assert not run.runaway
    return np.array([1e3 * run[name].rate.value for name in "EI"]), run


def test_rates_irregularity_and_order():
    """N = 5000, P1: 3.32 and 9.44 Hz, CV 0.73 to 0.89, inhibition above excitation.

    Rates of realizations differ by 0.08 Hz, those of one second by 0.1 Hz more; four
    standard deviations.
    """
    found, run = rates(5000, P1, 1000.0)
    np.testing.assert_allclose(found, [3.323, 9.444], atol=0.5)
    assert found[1] > 2.0 * found[0]
    assert 0.65 < np.nanmean(run["I"].cv) < 0.95
    # Asynchronous: counts of the population in 10 ms, against those of independent ones.
    counts = run["E"].activity[:1000].reshape(100, 10).sum(axis=1)
    assert counts.std() / counts.mean() < 0.35


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "parameters", "known"),
    [
        (2000, P1, (2.32, 6.83)),
        (10_000, P1, (3.709, 10.352)),
        (2000, P2, (3.19, 8.84)),
        (10_000, P2, (3.622, 10.200)),
    ],
)
def test_rates_by_size(n, parameters, known):
    """Within 3 % of what was measured with another scheme."""
    found = np.mean([rates(n, parameters, 4000.0, seed=s)[0] for s in (1, 2)], axis=0)
    np.testing.assert_allclose(found, known, rtol=0.03, atol=0.1)
