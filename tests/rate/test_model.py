"""The model itself: flow, Jacobian, chains, and what it refuses."""

import numpy as np
import pytest

from meanfield.rate import (
    CustomTransfer,
    LIFRate,
    PowerLaw,
    RateModel,
    Sigmoid,
    ThresholdLinear,
    feedforward_chain,
    fixed_points,
    integrate,
    mean_field_weights,
)

W = np.array([[1.2, -0.8, 0.1], [0.9, -0.5, -0.4], [0.3, 0.2, -1.0]])


def test_flow_and_jacobian():
    f = (Sigmoid(slope=2.0), PowerLaw(gain=0.3), Sigmoid(slope=2.0))
    model = RateModel(W=W, X=[0.5, 1.0, -0.2], f=f, tau=[10.0, 5.0, 2.0])
    r = np.array([0.4, 0.6, 0.1])
    total = W @ r + model.X
    rates = [1 / (1 + np.exp(-2 * total[0])), 0.3 * total[1] ** 2,
             1 / (1 + np.exp(-2 * total[2]))]  # fmt: skip
    assert model.input(r) == pytest.approx(total)
    assert model.flow(r) == pytest.approx((rates - r) / [10.0, 5.0, 2.0])
    h = 1e-6
    columns = [
        (model.flow(r + h * e) - model.flow(r - h * e)) / (2 * h) for e in np.eye(3)
    ]
    assert model.jacobian(r) == pytest.approx(np.transpose(columns), abs=1e-8)


def test_batches_broadcast():
    many = RateModel(
        W=np.stack([W, 2 * W]), X=np.zeros((4, 1, 3)), f=Sigmoid(slope=np.ones((2, 1)))
    )
    assert many.shape == (4, 2)
    assert many.flow(np.ones(3)).shape == (4, 2, 3)
    assert many.jacobian(np.ones(3)).shape == (4, 2, 3, 3)
    assert many.flow(np.ones(3))[0, 1] == pytest.approx(
        RateModel(W=2 * W, f=Sigmoid()).flow(np.ones(3))
    )


def test_parameters_of_populations():
    f = Sigmoid(slope=[1.0, 2.0, 3.0])
    model = RateModel(W=W, f=f)
    assert model.transfers == tuple(Sigmoid(slope=s) for s in (1.0, 2.0, 3.0))
    assert RateModel(W=W, f=model.transfers).flow(np.ones(3)) == pytest.approx(
        model.flow(np.ones(3))
    )


def test_equality():
    assert RateModel(W=W, f=Sigmoid()) == RateModel(W=W.tolist(), f=Sigmoid())
    assert RateModel(W=W) != RateModel(W=W, tau=2.0)
    assert len({RateModel(W=W), RateModel(W=W)}) == 1


def test_mean_field_input():
    """Document 004: I = N_e p j_e r_e + N_i p j_i r_i, and r_post = f(I)."""
    J = mean_field_weights([1600, 400], 0.1, [[20.0, -40.0]])
    for r_e, mean in ((3.0, -14.4), (6.0, -4.8), (15.0, 24.0)):
        chain = feedforward_chain([J * 1e-3], [r_e, 15.0])
        assert pytest.approx([mean]) == chain.X
        (point,) = fixed_points(chain)
        assert point.rate == pytest.approx([max(mean, 0.0)])


def test_chain_of_layers():
    layers = [np.array([[1.0, -0.5], [2.0, 1.0]]), [[0.5, -0.25]], [[2.0], [-1.0]]]
    f = Sigmoid()
    chain = feedforward_chain(layers, [1.0, 2.0], f=f, tau=5.0)
    rate, want = np.array([1.0, 2.0]), []
    for layer in layers:
        rate = f(np.asarray(layer) @ rate)
        want += list(rate)
    found = fixed_points(chain)
    assert found.exhaustive
    assert len(found) == 1
    assert found[0].rate == pytest.approx(want, rel=1e-14)
    assert found[0].stability == "stable"
    assert integrate(chain, [0.0, 300.0]).final == pytest.approx(want, rel=1e-5)


def test_bad_models_are_named():
    with pytest.raises(ValueError, match="`W` must be square"):
        RateModel(W=np.ones((2, 3)))
    with pytest.raises(ValueError, match="`W` must be finite"):
        RateModel(W=[[np.nan]])
    with pytest.raises(ValueError, match="`X` must have the 3 populations"):
        RateModel(W=W, X=[1.0, 2.0])
    with pytest.raises(ValueError, match="`tau` must be positive"):
        RateModel(W=W, tau=[1.0, 0.0, 1.0])
    with pytest.raises(TypeError, match="`f` must be a transfer function"):
        RateModel(W=W, f=2.0)
    with pytest.raises(TypeError, match=r"`f` must be an instance: Sigmoid\(\)"):
        RateModel(W=W, f=Sigmoid)
    with pytest.raises(ValueError, match="`f` must have one function for each of 3"):
        RateModel(W=W, f=(Sigmoid(), Sigmoid()))
    with pytest.raises(ValueError, match="`f` must have parameters for 3"):
        RateModel(W=W, f=Sigmoid(slope=[1.0, 2.0]))
    with pytest.raises(ValueError, match=r"do not broadcast: W \(2,\), X \(4,\)"):
        RateModel(W=np.stack([W, W]), X=np.ones((4, 3)))
    with pytest.raises(ValueError, match="`rate` must have the 3 populations"):
        RateModel(W=W).flow([1.0, 2.0])
    with pytest.raises(ValueError, match="`weights` must hold at least one"):
        feedforward_chain([], [1.0])
    with pytest.raises(
        ValueError, match=r"`weights\[1\]` must have one column for each"
    ):
        feedforward_chain([[[1.0]], [[1.0, 2.0]]], [1.0])
    with pytest.raises(ValueError, match="`probability` must be in"):
        mean_field_weights([100], 1.5, [[1.0]])
    with pytest.raises(TypeError, match="`W` must be real numbers"):
        RateModel(W=[["a"]])


def test_a_callable_becomes_a_transfer_function():
    model = RateModel(W=W, f=np.tanh)
    assert isinstance(model.f, CustomTransfer)
    assert isinstance(RateModel(W=W, f=[np.tanh, Sigmoid(), LIFRate()]).f, tuple)
    assert RateModel(W=[[0.5]], f=ThresholdLinear()).n == 1
