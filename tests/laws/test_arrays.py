"""Every elementwise function: broadcasting, dtypes, layouts, threads, scalars."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import meanfield as mf
from meanfield import LIF

FUNCTIONS = [
    mf.firing_rate,
    mf.log_firing_rate,
    mf.cv,
    mf.fano_factor,
    mf.chi,
    mf.moment_activation,
    mf.moment_activation_derivatives,
]


def outputs(result):
    return result if isinstance(result, tuple) else (result,)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("mu", "sigma", "shape"),
    [
        ((), (), ()),
        ((3,), (), (3,)),
        ((4, 1), (5,), (4, 5)),
        ((0,), (), (0,)),
        ((2, 0), (2, 1), (2, 0)),
        ((2, 1, 3), (7, 1), (2, 7, 3)),
    ],
)
def test_shapes(function, mu, sigma, shape):
    rng = np.random.default_rng(0)
    x, y = rng.normal(1, 1, mu), rng.uniform(0.5, 2, sigma)
    for value in outputs(function(x, y)):
        assert np.shape(value) == shape
        assert isinstance(value, np.ndarray if shape else float)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_element_is_the_scalar_call(function):
    """Also across the blocks and chunks in which arrays are processed."""
    rng = np.random.default_rng(1)
    mu, sigma = rng.normal(1, 2, 40_000), 10 ** rng.uniform(-2, 2, 40_000)
    whole = outputs(function(mu, sigma))
    for i in (0, 511, 512, 32767, 32768, 39_999):
        one = outputs(function(float(mu[i]), float(sigma[i])))
        assert [float(w[i]) for w in whole] == pytest.approx(one, rel=1e-13, abs=0)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_dtypes(function):
    single = np.float32([0.5, 1.0, 2.0])
    for value in outputs(function(single, np.float32(1.5))):
        assert value.dtype == np.float32
    double = outputs(function(single.astype(float), 1.5))
    for low, high in zip(outputs(function(single, 1.5)), double, strict=True):
        assert low.dtype == np.float32
        assert low == pytest.approx(high, rel=1e-6)
    for value in outputs(function([1, 2], 1)):
        assert value.dtype == np.float64


@pytest.mark.parametrize("function", FUNCTIONS)
def test_layouts_and_threads_do_not_matter(function):
    rng = np.random.default_rng(2)
    mu, sigma = rng.normal(1, 2, (300, 400)), rng.uniform(0.1, 3, (300, 400))
    want = outputs(function(mu, sigma, threads=1))
    for value in (
        function(np.asfortranarray(mu), sigma),
        function(mu, sigma, threads=2),
        function(mu[::-1, ::-1], sigma[::-1, ::-1]),
    ):
        got = [np.array(v) for v in outputs(value)]
        if got[0][0, 0] != want[0][0, 0]:
            got = [v[::-1, ::-1] for v in got]
        for a, b in zip(got, want, strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_neuron_parameters_broadcast(function):
    t_ref, tau = np.array([0.0, 2.0, 5.0]), np.array([[10.0], [20.0]])
    both = outputs(function(1.1, 0.7, LIF(t_ref=t_ref, tau_m=tau, V_th=18.0)))
    for i in range(2):
        for j in range(3):
            neuron = LIF(t_ref=t_ref[j], tau_m=tau[i, 0], V_th=18.0)
            one = outputs(function(1.1, 0.7, neuron))
            assert [v[i, j] for v in both] == pytest.approx(one, rel=1e-13)


def test_input_is_left_alone():
    mu, sigma = np.ones(5), np.ones(5)
    mf.moment_activation(mu, sigma)
    assert np.all(mu == 1)
    assert mu.flags.writeable


@hypothesis.given(
    mu=st.floats(-1e3, 1e3), sigma=st.floats(1e-3, 1e3), shift=st.floats(-90, 90)
)
@hypothesis.settings(max_examples=200, deadline=None)
def test_only_voltages_relative_to_rest_matter(mu, sigma, shift):
    moved = LIF(V_th=20.0 + shift, V_reset=shift, E_L=shift)
    want = mf.moment_activation_derivatives(mu, sigma)
    kappa = abs(want.rate_dmu) * 100 * np.finfo(float).eps * 100
    got = mf.firing_rate(mu, sigma, moved)
    assert abs(got - mf.firing_rate(mu, sigma)) <= 1e-13 * got + kappa


@hypothesis.given(
    mu=st.floats(-100, 1e4), step=st.floats(1e-3, 10), sigma=st.floats(1e-3, 100)
)
@hypothesis.settings(max_examples=200, deadline=None)
def test_rate_grows_with_drive_and_stays_below_the_inverse_dead_time(mu, step, sigma):
    low, high = mf.firing_rate([mu, mu + step], sigma)
    assert 0 <= low <= high * (1 + 1e-13)
    assert high < 0.2
