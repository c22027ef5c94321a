"""Transfer functions against mpmath, and their stated properties."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import meanfield as mf
from meanfield import LIF
from meanfield.rate import CustomTransfer, LIFRate, PowerLaw, Sigmoid, ThresholdLinear

SIGMOID = Sigmoid(maximum=3.0, slope=2.0, threshold=0.5)
FUNCTIONS = [
    ThresholdLinear(gain=2.0, threshold=-0.3),
    PowerLaw(gain=0.7, exponent=2.3, threshold=0.2),
    PowerLaw(gain=0.7, exponent=0.6),
    SIGMOID,
]
finite = st.floats(-40.0, 40.0)


def test_values_and_slopes():
    x = np.array([-1.0, 0.5, 2.0, 30.0])
    assert ThresholdLinear(gain=2.0, threshold=0.5)(x).tolist() == [0.0, 0.0, 3.0, 59.0]
    assert ThresholdLinear(gain=2.0).derivative(x).tolist() == [0.0, 2.0, 2.0, 2.0]
    assert PowerLaw(gain=0.04)(x) == pytest.approx([0.0, 0.01, 0.16, 36.0])
    assert PowerLaw(gain=0.04).derivative(x) == pytest.approx([0.0, 0.04, 0.16, 2.4])
    for v in x:
        want = mpmath.diff(lambda u: 3 / (1 + mpmath.exp(-2 * (u - 0.5))), v)
        assert SIGMOID.derivative(v) == pytest.approx(float(want), rel=1e-13)
    assert SIGMOID(-300.0) == pytest.approx(3.0 * np.exp(-601.0), rel=1e-13)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: type(f).__name__)
@given(x=finite)
def test_inverse(f, x):
    rate = f(x)
    if f.silent_below is not None and x <= f.silent_below:
        assert f.inverse(rate) == f.silent_below
    elif rate < 0.999 * f.bounds[1]:
        assert f.inverse(rate) == pytest.approx(x, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: type(f).__name__)
@given(a=finite, b=finite, part=st.floats(0.0, 1.0))
def test_bounds_of_the_slope_hold(f, a, b, part):
    low, high = min(a, b), max(a, b)
    least, most = f.slope_bounds(np.array(low), np.array(high))
    x = np.clip(low + part * (high - low), low, high)
    assert least * (1 - 1e-12) <= f.derivative(x) <= most * (1 + 1e-12)


def test_lif_is_the_moment_activation():
    neuron = mf.LIF(t_ref=2.0)
    f = LIFRate(neuron=neuron, sigma=[0.5, 2.0])
    x = np.array([0.7, 1.2])
    assert f(x) == pytest.approx(mf.firing_rate(x, [0.5, 2.0], neuron), rel=0, abs=0)
    want = mf.moment_activation_derivatives(x, [0.5, 2.0], neuron).rate_dmu
    assert f.derivative(x) == pytest.approx(want, rel=0, abs=0)
    assert f.bounds == (0.0, 0.5)
    assert LIFRate(neuron=mf.LIF(t_ref=0.0)).bounds[1] == np.inf


@pytest.mark.parametrize("t_ref", [0.0, 2.0, 20.0])
@pytest.mark.parametrize("sigma", [0.05, 1.0, 10.0])
def test_lif_slope_has_one_maximum(t_ref, sigma):
    """Rising before, falling after: what bounds of the slope over an interval rest on."""
    for tau_m, V_reset in ((20.0, 0.0), (2.0, -20.0), (np.inf, 19.0)):
        f = LIFRate(neuron=LIF(t_ref=t_ref, tau_m=tau_m, V_reset=V_reset), sigma=sigma)
        reach = np.geomspace(1e-3, 1e3, 400) * sigma
        x = 20.0 / tau_m + np.concatenate([-reach[::-1], reach])
        slope = f.derivative(x)
        top = int(np.argmax(slope))
        change = np.diff(slope) / slope[top]
        assert change[:top].min(initial=0.0) > -1e-10
        assert change[top:].max(initial=0.0) < 1e-10
        least, most = f.slope_bounds(x[:-1:7], x[1::7])
        assert np.all(least <= slope[:-1:7])
        assert np.all(slope[:-1:7] <= most)
        assert f.slope_bounds(x[:1], x[-1:])[1][0] >= slope[top]


@pytest.mark.parametrize("length", [0.05, 1.0, 100.0])
def test_differences_are_accurate(length):
    f = CustomTransfer(function=lambda x: np.tanh(x / length), lower=-1.0, upper=1.0)
    x = np.linspace(-3.0, 3.0, 61) * min(length, 1.0)
    want = 1.0 / (length * np.cosh(x / length) ** 2)
    assert np.abs(f.derivative(x) - want).max() < 1e-11 / length


def test_given_parts_are_used():
    f = CustomTransfer(
        function=np.exp, slope=lambda x: 7.0 * x, inverse_function=np.log, lower=0.0
    )
    assert f.derivative(2.0) == 14.0
    assert f.inverse(np.e) == pytest.approx(1.0)


def test_equality_by_value():
    assert Sigmoid(slope=[1.0, 2.0]) == Sigmoid(slope=np.array([1, 2]))
    assert LIFRate(sigma=2.0) == LIFRate(sigma=2.0)
    assert len({LIFRate(sigma=2.0), LIFRate(sigma=2.0), LIFRate(sigma=1.0)}) == 2
    assert Sigmoid() != PowerLaw()


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`gain` must be finite and positive"):
        ThresholdLinear(gain=0.0)
    with pytest.raises(ValueError, match="`exponent` must be finite and positive"):
        PowerLaw(exponent=-1.0)
    with pytest.raises(ValueError, match="`slope` must be finite and positive"):
        Sigmoid(slope=-1.0)
    with pytest.raises(ValueError, match=r"`sigma` must be positive.*rheobase"):
        LIFRate(sigma=0.0)
    with pytest.raises(TypeError, match="`neuron` must be an LIF"):
        LIFRate(neuron=3.0)
    with pytest.raises(TypeError, match="`function` must be callable"):
        CustomTransfer(function=1.0)
    with pytest.raises(ValueError, match="`lower` must be below"):
        CustomTransfer(function=np.tanh, lower=1.0, upper=1.0)
    with pytest.raises(ValueError, match="array of the shape"):
        CustomTransfer(function=np.sum)(np.ones(3))
    with pytest.raises(ValueError, match="`function` must take an array of inputs"):
        CustomTransfer(function=lambda x: 1.0 if x > 0 else 0.0)(np.ones(3))
    with pytest.raises(ValueError, match=r"`rate` must be below 3\.0"):
        SIGMOID.inverse(3.0)
    with pytest.raises(ValueError, match=r"`rate` must be above 0\.0"):
        SIGMOID.inverse(0.0)
    with pytest.raises(NotImplementedError, match="no inverse"):
        LIFRate().inverse(0.01)
    with pytest.raises(TypeError, match="`input` must be real"):
        SIGMOID("high")
