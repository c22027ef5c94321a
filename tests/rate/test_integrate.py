"""Trajectories against exact solutions and SciPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from meanfield.rate import PowerLaw, RateModel, Sigmoid, ThresholdLinear, integrate

W = np.array([[12.0, -4.0], [13.0, -2.0]])
WILSON_COWAN = RateModel(W=W, X=[-5.0, -9.0], f=Sigmoid(), tau=[10.0, 5.0])
TIMES = np.array([0.0, 0.3, 5.0, 5.1, 40.0, 200.0])
TIGHT = {"rtol": 1e-10, "atol": 1e-13}


@pytest.mark.parametrize("method", ["RK45", "DOP853", "Radau", "BDF", "LSODA"])
def test_linear_regime_is_exact(method):
    A, X, tau = np.array([[0.5, -0.2], [0.3, -0.4]]), np.array([2.0, 3.0]), 10.0
    model = RateModel(W=A, X=X, tau=tau)
    rest = np.linalg.solve(np.eye(2) - A, X)
    found = integrate(
        model, TIMES, rest + np.array([0.1, -0.2]), method=method, rtol=1e-8
    )
    for t, rate in zip(TIMES, found.rate, strict=True):
        want = rest + expm((A - np.eye(2)) * t / tau) @ [0.1, -0.2]
        assert rate == pytest.approx(want, rel=1e-5 if method == "BDF" else 1e-6)


def test_a_batch_is_its_members():
    rng = np.random.default_rng(1)
    count = 40
    many = RateModel(
        W=W * rng.uniform(0.5, 1.5, (count, 1, 1)), X=np.array([-5.0, -9.0]) + rng.normal(size=(count, 2)),
        f=Sigmoid(slope=rng.uniform(0.5, 2.0, (count, 1))), tau=rng.uniform(2.0, 20.0, (count, 2)),
    )  # fmt: skip
    start = rng.random((count, 2))
    found = integrate(many, TIMES, start, **TIGHT)
    for k in range(count):

        def flow(t, r, k=k):
            total = many.W[k] @ r + many.X[k]
            return (1 / (1 + np.exp(-many.f.slope[k] * total)) - r) / many.tau[k]

        want = solve_ivp(
            flow, (0.0, 200.0), start[k], "DOP853", TIMES, rtol=1e-12, atol=1e-14
        )
        assert found.rate[k] == pytest.approx(want.y.T, abs=2e-8)


def test_several_starts_of_one_model():
    start = np.array([[0.0, 0.0], [1.0, 1.0], [0.3, 0.1]])
    found = integrate(WILSON_COWAN, TIMES, start, **TIGHT)
    assert found.rate.shape == (3, TIMES.size, 2)
    for one, rate in zip(start, found.rate, strict=True):
        assert rate == pytest.approx(
            integrate(WILSON_COWAN, TIMES, one, **TIGHT).rate, abs=1e-8
        )
    assert found.final.tolist() == found.rate[:, -1].tolist()


@pytest.mark.parametrize("start", [0.0, [[0.0], [1.0]]], ids=["one", "batch"])
def test_input_that_changes(start):
    """tau r' = -r + 2 + sin(w t): r is known."""
    w, tau = 0.3, 4.0
    model = RateModel(W=[[0.0]], X=lambda t: np.array([2.0 + np.sin(w * t)]), tau=tau)
    found = integrate(model, TIMES, start, **TIGHT)
    q = 1.0 + (w * tau) ** 2
    wave = (np.sin(w * TIMES) - w * tau * np.cos(w * TIMES)) / q
    for first, rate in zip(
        np.ravel(start), found.rate.reshape(-1, TIMES.size), strict=True
    ):
        free = first - 2.0 + w * tau / q
        assert rate == pytest.approx(2.0 + wave + free * np.exp(-TIMES / tau), abs=1e-8)


def test_inputs_that_change_in_a_batch():
    X = np.linspace(0.5, 2.0, 5)[:, None]
    model = RateModel(W=[[0.5]], X=lambda t: X * min(t, 10.0), tau=2.0)
    found = integrate(model, [0.0, 5.0, 100.0], **TIGHT)
    assert found.rate.shape == (5, 3, 1)
    assert found.final == pytest.approx(20.0 * X, rel=1e-8)


def test_runaway_is_told():
    growing = integrate(RateModel(W=[[2.0]], X=[1.0]), [0.0, 1.0, 1000.0])
    assert growing.runaway
    assert growing.rate[1, 0] == pytest.approx(np.e - 1.0, rel=1e-5)
    assert growing.rate[2, 0] == np.inf
    # r' = -r + (r + 1/4)^2 = (r - 1/4)^2: infinite at 2 from 3/4
    model = RateModel(W=[[1.0]], X=[[0.25], [-5.0]], f=PowerLaw())
    many = integrate(model, [0.0, 1.9, 2.1], [0.75], rtol=1e-10)
    assert many.runaway.tolist() == [True, False]
    assert many.rate[0, 1:, 0] == pytest.approx([10.25, np.inf], rel=1e-6)


def test_blow_up_in_finite_time():
    """r' = -r + r^2 from 2 is 1/(1 - exp(t)/2): infinite at ln 2."""
    model = RateModel(W=[[1.0]], f=PowerLaw())
    times = [0.0, 0.6, 0.69, 0.70]
    one = integrate(model, times, 2.0, **TIGHT)
    both = integrate(model, times, [[2.0], [0.5]], **TIGHT)
    want = 1.0 / (1.0 - np.exp(times[1:3]) / 2.0)
    for found in (one.rate, both.rate[0]):
        assert found[1:3, 0] == pytest.approx(want, rel=1e-5)
        assert found[3, 0] == np.inf
    assert one.runaway
    assert both.runaway.tolist() == [True, False]


def test_large_batches_are_cut(monkeypatch):
    from meanfield.rate import _integrate

    X = np.linspace(0.0, 3.0, 150)[:, None]
    model = RateModel(W=[[0.5]], X=X)
    whole = integrate(model, [0.0, 3.0, 20.0])
    monkeypatch.setattr(_integrate, "_NUMBERS", 1)
    cut = integrate(model, [0.0, 3.0, 20.0])
    assert cut.rate == pytest.approx(whole.rate, rel=1e-13)


@settings(max_examples=10)
@given(c=st.floats(0.01, 100.0))
def test_time_scales(c):
    slow = RateModel(W=W, X=WILSON_COWAN.X, f=Sigmoid(), tau=c * WILSON_COWAN.tau)
    want = integrate(WILSON_COWAN, TIMES, [0.5, 0.1], **TIGHT).rate
    assert integrate(slow, c * TIMES, [0.5, 0.1], **TIGHT).rate == pytest.approx(
        want, abs=1e-7
    )


def test_bad_input_is_named():
    for times, text in (
        ([0.0], "1-D, two or more"), ([0.0, 0.0], "ascend"), ([0.0, np.inf], "finite"),
        (5.0, "1-D, two or more"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=f"`times` must.*{text}"):
            integrate(WILSON_COWAN, times)
    with pytest.raises(ValueError, match="`method` must be one of"):
        integrate(WILSON_COWAN, TIMES, method="Euler")
    with pytest.raises(ValueError, match="`rtol` must be"):
        integrate(WILSON_COWAN, TIMES, rtol=0.0)
    with pytest.raises(ValueError, match="`start` must have the 2 populations"):
        integrate(WILSON_COWAN, TIMES, [0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="`start` must be finite"):
        integrate(WILSON_COWAN, TIMES, [np.inf, 0.0])
    many = RateModel(W=W, X=np.zeros((3, 2)), f=ThresholdLinear())
    with pytest.raises(
        ValueError, match=r"do not broadcast: start \(2,\), model \(3,\)"
    ):
        integrate(many, TIMES, np.zeros((2, 2)))
    wrong = RateModel(W=W, X=lambda t: np.zeros(3))
    with pytest.raises(ValueError, match=r"`X\(t\)` must have the 2 populations"):
        integrate(wrong, TIMES)
