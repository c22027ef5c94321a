"""Self-consistent rates: published values, brute force, several solutions, none."""

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from scipy import optimize

from meanfield import ConvergenceError, lif
from meanfield.equilibrium import working_point, working_points
from meanfield.network import balanced_eif, brunel, mean_field, microcircuit, zerlaut
from meanfield.neurons import (
    LIF,
    FixedInDegree,
    Network,
    Poisson,
    Population,
    Projection,
)

NNMT = json.loads(
    (Path(__file__).parents[1] / "data/nnmt_microcircuit.json").read_text()
)
CELL = LIF(tau_m=20.0, t_ref=2.0, V_th=20.0, V_reset=10.0)
# Sanzeni, Histed, Brunel, PLoS Comput. Biol. 16, e1008165 (2020): weights [mV] and
# in-degrees, row = target, weights and in-degrees of the external input
EVEN = ((400, 100), (400, 100))
NETWORKS = {
    "saturation, nonlinear": (((0.2, -1.6), (0.2, -1.4)), EVEN, (0.2, 0.2), (1600, 800)),
    "saturation, multiple": (
        ((0.2, -0.416), (0.192, -0.32064)), EVEN, (0.2, 0.192), (400, 400),
    ),
    "onset": (((0.2, -0.9), (0.2, -0.58)), EVEN, (0.2, 0.2), (400, 400)),
    "mean-driven": (
        ((0.2, -0.82), (0.2, -0.492)), ((800, 200), (400, 100)), (0.2, 0.2), (800, 80),
    ),
    "noise-driven": (((0.5, -3.5), (0.5, -3.0)), EVEN, (0.5, 0.5), (400, 280)),
}  # fmt: skip


def sanzeni(which, rate):
    """The network with external input of the rate [kHz]."""
    J, K, J_ext, K_ext = NETWORKS[which]
    names = "EI"
    return Network(
        populations={name: Population(n=4000, neuron=CELL) for name in names},
        projections=[
            Projection(
                source=s,
                target=t,
                weight=J[a][b],
                rule=FixedInDegree(K[a][b]),
                delay=1.5,
            )
            for a, t in enumerate(names)
            for b, s in enumerate(names)
        ],
        inputs=[
            Poisson(target=name, rate=K_ext[a] * rate, weight=J_ext[a])
            for a, name in enumerate(names)
        ],
    )


def brute_force(which, rate):
    """All solutions, by signs on a dense grid and scipy's root finder."""
    J, K, J_ext, K_ext = (np.array(x) for x in NETWORKS[which])

    def log_rates(u):
        r = np.exp(u)
        mu = r @ (K * J).T + K_ext * J_ext * rate
        return lif.log_firing_rate(
            mu, np.sqrt(r @ (K * J**2).T + K_ext * J_ext**2 * rate), CELL
        )

    quiet = log_rates(np.full(2, -700.0))
    u = np.concatenate(
        [[min(quiet.min(), -30.0) - 1.0], np.linspace(-18.0, np.log(0.5), 500)]
    )
    grid = np.stack(np.meshgrid(u, u, indexing="ij"), axis=-1)
    sign = log_rates(grid) > grid
    corners = np.stack(
        [sign[i : len(u) - 1 + i, j : len(u) - 1 + j] for i in (0, 1) for j in (0, 1)]
    )
    mixed = np.all(corners.any(axis=0) & ~corners.all(axis=0), axis=-1)
    mixed |= np.roll(mixed, 1, 0) | np.roll(mixed, 1, 1)
    found = []
    for i, j in np.argwhere(mixed):
        start = (
            np.maximum([u[i], u[j]], np.minimum(quiet, 0.0))
            if i * j == 0
            else [u[i], u[j]]
        )
        root = optimize.root(lambda x: log_rates(x) - x, start, tol=1e-12)
        good = root.success and np.abs(root.fun).max() < 1e-9
        if good and all(np.abs(root.x - x).max() > 1e-6 for x in found):
            found.append(root.x)
    return sorted(found, key=lambda x: np.exp(x).sum())


@pytest.mark.parametrize(
    ("g", "eta", "rate"),
    # N. Brunel, J. Comput. Neurosci. 8, 183 (2000), with more digits
    [(3.0, 2.0, 327.0084792949), (6.0, 4.0, 55.84126237620),
     (5.0, 2.0, 37.94969708576), (4.5, 0.9, 6.516702268415)],
)  # fmt: skip
def test_states_of_brunel(g, eta, rate):
    found = working_points(brunel(g=g, eta=eta))
    assert found.exhaustive
    assert len(found.points) == 1
    point = found.points[0]
    np.testing.assert_allclose(1e3 * point.rate, rate, rtol=1e-10)
    assert point.residual < 1e-10
    assert point.index == 1
    assert point.stability == "stable"
    np.testing.assert_allclose(working_point(brunel(g=g, eta=eta)).rate, point.rate)


def test_microcircuit_of_another_toolbox():
    net = mean_field(microcircuit(weight_spread=0.0), synapses="fourcaud_brunel")
    point = working_point(net)
    np.testing.assert_allclose(1e3 * point.rate, NNMT["firing_rates"], rtol=1e-6)
    found = working_points(net)
    assert len(found.points) == 1
    assert not found.exhaustive
    np.testing.assert_allclose(found.points[0].rate, point.rate, rtol=1e-9)


@pytest.mark.parametrize(
    ("which", "rate"),
    [("saturation, nonlinear", 1.0), ("saturation, multiple", 9.0), ("onset", 10.0),
     ("mean-driven", 3.0), ("noise-driven", 2.5), ("noise-driven", 4.0)],
)  # fmt: skip
def test_all_solutions_against_brute_force(which, rate):
    found = working_points(sanzeni(which, 1e-3 * rate))
    assert found.exhaustive
    expected = brute_force(which, 1e-3 * rate)
    assert len(found.points) == len(expected)
    for point, u in zip(found.points, expected, strict=True):
        np.testing.assert_allclose(
            np.log(np.maximum(point.rate, 1e-300)),
            np.maximum(u, np.log(1e-300)),
            rtol=1e-9,
        )
        assert point.residual <= 1e-10
    assert sum(point.index for point in found.points) == 1


def test_five_solutions():
    found = working_points(sanzeni("saturation, multiple", 0.009))
    assert [point.index for point in found.points] == [1, -1, 1, -1, 1]
    kinds = [point.stability for point in found.points]
    assert kinds[0] == kinds[4] == "stable"
    assert kinds[1] == kinds[3] == "unstable"


def test_quiescence_to_the_last_digit():
    point = working_points(sanzeni("saturation, multiple", 0.005)).points[0]
    drive = 0.005 * 400 * np.array([0.2, 0.192])
    noise = np.sqrt(0.005 * 400 * np.array([0.2, 0.192]) ** 2)
    exact = lif.log_firing_rate(drive, noise, CELL)  # of neurons that nobody talks to
    np.testing.assert_allclose(np.log(point.rate), exact, rtol=1e-12)
    assert np.all(point.rate < 1e-28)


def bistable(weight, mu=0.5, cell=CELL, sigma=0.8):
    return Network(
        populations={"A": Population(n=1000, neuron=cell, current=mu, sigma=sigma)},
        projections=[
            Projection(
                source="A",
                target="A",
                weight=weight,
                rule=FixedInDegree(400),
                delay=1.0,
            )
        ],
    )


def test_one_population():
    weight = 0.05
    found = working_points(bistable(weight))

    def mismatch(r):
        mu, sigma = 0.5 + 400 * weight * r, np.sqrt(0.64 + 400 * weight**2 * r)
        return lif.firing_rate(mu, sigma, CELL) - r

    r = np.geomspace(1e-9, 0.499, 20001)
    places = np.flatnonzero(np.diff(np.sign(mismatch(r))))
    expected = [
        optimize.brentq(lambda x: float(mismatch(x)), r[i], r[i + 1], xtol=1e-15)
        for i in places
    ]
    assert len(expected) == len(found.points) == 3
    np.testing.assert_allclose([p.rate[0] for p in found.points], expected, rtol=1e-10)
    assert [p.stability for p in found.points] == ["stable", "unstable", "stable"]
    assert [p.index for p in found.points] == [1, -1, 1]


def test_noiseless_populations():
    point = working_point(bistable(-0.1, mu=1.2, sigma=0.0))
    assert point.rate[0] > 0
    assert point.residual < 1e-10
    assert working_point(bistable(-0.1, mu=0.2, sigma=0.0)).rate[0] == 0.0


def test_exponential_neurons():
    net = mean_field(balanced_eif(5000), synapses="white")
    point = working_point(net)
    np.testing.assert_allclose(net.firing_rates(point.rate), point.rate, rtol=1e-6)


def test_where_there_is_none():
    runaway = bistable(
        0.2, mu=0.9, cell=LIF(tau_m=20.0, t_ref=0.0, V_th=20.0, V_reset=10.0)
    )
    found = working_points(runaway)
    assert found.points == ()
    assert "grows" in found.message
    with pytest.raises(ConvergenceError, match="dead time"):
        working_point(runaway)


def test_start():
    net = bistable(0.05)
    low, _, high = working_points(net).points
    np.testing.assert_allclose(working_point(net).rate, low.rate)
    np.testing.assert_allclose(working_point(net, start=[0.3]).rate, high.rate)
    with pytest.raises(ValueError, match="start"):
        working_point(net, start=[0.1, 0.2])
    with pytest.raises(ValueError, match="start"):
        working_point(net, start=[-0.1])
    with pytest.raises(TypeError, match="MeanField or a Network"):
        working_points(cast(Any, 3))


def test_network_of_conductances():
    """Self-consistent, with more spikes at more input; the sizes are in the theory page."""
    low, high = (working_points(zerlaut(rate)) for rate in (0.01, 0.02))
    for found in (low, high):
        assert len(found.points) == 1
        point = found.points[0]
        net = mean_field(zerlaut(0.01 if found is low else 0.02))
        assert net.firing_rates(point.rate) == pytest.approx(point.rate, rel=1e-9)
        assert np.all(point.cv > 0.9)
    assert np.all(high.points[0].rate > low.points[0].rate)
