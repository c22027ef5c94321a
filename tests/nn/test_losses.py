"""Losses against SciPy and exact laws."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from torch.autograd import gradcheck, gradgradcheck

from meanfield.moments import Moments
from meanfield.nn import LowRank
from meanfield.nn.losses import (
    TIE,
    GaussianNLL,
    MomentCrossEntropy,
    MomentMSE,
    class_probabilities,
    gaussian_nll,
    log_class_probabilities,
    moment_cross_entropy,
    moment_mse,
)

DTYPES = [torch.float64, torch.float32]


def counts(batch, n, seed=0, dtype=torch.float64):
    """Moments of correlated readouts, 0 to 10 spikes in 100 ms."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(batch, n, n))
    C = X @ X.swapaxes(-1, -2)
    d = np.sqrt(np.einsum("bii->bi", C))
    mean = rng.uniform(0, 0.1, (batch, n))
    C = 0.3 * C / d[:, :, None] / d[:, None, :] + 0.7 * np.eye(n)
    C *= np.sqrt(mean[:, :, None] * mean[:, None, :])
    return Moments(torch.tensor(mean, dtype=dtype), torch.tensor(C, dtype=dtype))


def diagonal(moments):
    return Moments(moments.mean, moments.cov.diagonal(dim1=-2, dim2=-1))


def targets(batch, n):
    return torch.arange(batch) % n


def test_two_classes_are_a_probit():
    mean = torch.tensor([[3.0, 5.0], [3.0, 70.0], [9.0, 1.0]], dtype=torch.float64)
    cov = torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64).expand(3, 2, 2)
    for moments, shared in ((Moments(mean, cov), 0.5), (Moments(mean, cov[:, 0]), 0)):
        C = moments.cov
        total = 2.0 + 1.0 - 2 * shared if shared else C.sum(-1)[0]
        margin = (mean[:, 0] - mean[:, 1]) / math.sqrt(total + 2 * TIE**2)
        got = log_class_probabilities(moments, 1.0)[:, 0]
        torch.testing.assert_close(got, torch.special.log_ndtr(margin))


def test_arcsine_law():
    # Three classes of equal mean: an orthant probability of two differences.
    X = np.random.default_rng(1).normal(size=(5, 3, 3))
    C = X @ X.swapaxes(-1, -2)
    d = (
        C[:, :1, :1]
        + C[:, 1:, 1:]
        - C[:, :1, 1:]
        - C[:, 1:, :1]
        + TIE**2 * (1 + np.eye(2))
    )
    r = d[:, 0, 1] / np.sqrt(d[:, 0, 0] * d[:, 1, 1])
    got = class_probabilities(Moments(torch.ones(5, 3).double(), torch.tensor(C)), 1.0)
    want = 0.25 + np.arcsin(r) / (2 * np.pi)
    np.testing.assert_allclose(got[:, 0], want, rtol=2e-4)


def test_equal_classes_are_equally_probable():
    # Common noise cancels: equicorrelated counts are as independent ones.
    for n in (4, 10):
        cov = torch.full((n, n), 3.0) + torch.eye(n)
        got = log_class_probabilities(Moments(torch.zeros(n), cov), 1.0)
        torch.testing.assert_close(
            got, torch.full((n,), -math.log(n)), atol=2e-3, rtol=0
        )


def test_full_against_independent():
    moments = counts(60, 10)
    want = moment_cross_entropy(
        diagonal(moments), targets(60, 10), 100.0, reduction="none"
    )
    full = Moments(moments.mean, torch.diag_embed(diagonal(moments).cov))
    got = moment_cross_entropy(full, targets(60, 10), 100.0, reduction="none")
    assert (got - want).square().mean().sqrt() < 1e-3
    assert (got - want).abs().max() < 5e-3  # losses up to 30


@pytest.mark.parametrize("n", [4, 10])
def test_full_against_scipy(n):
    moments = counts(4, n, seed=2)
    got = class_probabilities(moments, 100.0)[:, 0]
    A = np.c_[np.ones(n - 1), -np.eye(n - 1)]
    for b in range(4):
        C = A @ (100 * moments.cov[b].numpy() + TIE**2 * np.eye(n)) @ A.T
        bound = A @ (100 * moments.mean[b].numpy())
        normal = multivariate_normal(
            np.zeros(n - 1), C, maxpts=400_000, abseps=1e-6, seed=0
        )
        assert abs(got[b].item() - normal.cdf(bound)) < 5e-4


def test_probabilities_sum_to_one():
    moments = counts(20, 10)
    ones = torch.ones(20).double()
    torch.testing.assert_close(
        class_probabilities(moments, 100.0).sum(-1), ones, atol=2e-3, rtol=0
    )
    total = class_probabilities(diagonal(moments), 100.0).sum(-1)
    torch.testing.assert_close(total, ones, atol=1e-8, rtol=0)


def test_samples_estimate_the_loss():
    # Twenty losses within 5 standard errors (false alarm 1e-5), Gumbel shape aside (1e-2).
    moments = counts(20, 5)
    target = log_class_probabilities(moments, 100.0).argmax(-1)
    want = moment_cross_entropy(moments, target, 100.0, reduction="none")
    generator = torch.Generator().manual_seed(0)
    for m in (moments, diagonal(moments)):
        want = moment_cross_entropy(m, target, 100.0, reduction="none")
        got = moment_cross_entropy(
            m, target, 100.0, samples=20_000, generator=generator, reduction="none"
        )
        error = (want.exp() - 1).sqrt() / math.sqrt(20_000)
        assert ((got - want).abs() < 5 * error + 1e-2).all()
    assert torch.isfinite(
        moment_cross_entropy(moments, targets(20, 5), 100.0, samples=3)
    )


def test_tail_has_value_and_gradient():
    for dtype in DTYPES:
        for cov in (torch.ones(3, dtype=dtype), torch.eye(3, dtype=dtype)):
            mean = torch.tensor([0.0, 52.0, 1.0], dtype=dtype, requires_grad=True)
            loss = moment_cross_entropy(Moments(mean, cov), torch.tensor(0), 1.0)
            (grad,) = torch.autograd.grad(loss, mean)
            variance = 2 * (1 + TIE**2)
            # the probit's tail: log P ~ -d^2/(2 v), slope d/v + 1/d
            assert loss > 600
            assert abs(grad[1].item() - (52 / variance + 1 / 52)) < 0.02


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["zero", "one zero", "rank one", "huge"])
def test_singular_covariance_is_finite(kind, dtype):
    factor = torch.arange(5.0, dtype=dtype)
    cov = {
        "zero": torch.zeros(5, 5),
        "one zero": torch.diag(torch.tensor([0.0, 1, 1, 1, 1])),
        "rank one": torch.ones(5, 5),
        "huge": 1e7 * factor[:, None] * factor,
    }[kind].to(dtype)
    for cov_ in (cov, cov.diagonal()):
        for mean in (torch.zeros(5), torch.arange(5.0), 1e3 * torch.arange(5.0)):
            inputs = [v.to(dtype).clone().requires_grad_() for v in (mean, cov_)]
            loss = moment_cross_entropy(Moments(*inputs), torch.tensor(1), 1.0)
            first = torch.autograd.grad(loss, inputs, create_graph=True)
            second = torch.autograd.grad(sum(g.square().sum() for g in first), inputs)
            assert all(torch.isfinite(v).all() for v in (loss, *first, *second))


def test_rounding_errors_do_no_harm():
    X = 300 * np.random.default_rng(0).normal(size=(50, 10, 2))
    cov = torch.tensor(X @ X.swapaxes(-1, -2), dtype=torch.float32)
    assert torch.linalg.eigvalsh(cov).min() < 0
    mean = torch.rand(50, 10, generator=torch.Generator().manual_seed(0))
    moments = Moments(mean, cov)
    assert torch.isfinite(log_class_probabilities(moments, 1.0)).all()
    assert torch.isfinite(gaussian_nll(moments, mean))
    assert torch.isfinite(
        moment_cross_entropy(moments, targets(50, 10), 1.0, samples=5)
    )


def test_zero_variance_limit():
    # Sure counts with distinct values: the jitter alone decides.
    for cov in (torch.zeros(2), torch.zeros(2, 2)):
        p = class_probabilities(Moments(torch.tensor([3.0, 2.0]), cov), 1.0)
        torch.testing.assert_close(p[0], torch.special.ndtr(torch.tensor(6**0.5)))


def losses_of(kind):
    """Functions of (mean, x) with x a free parametrisation of the covariance."""
    target = torch.tensor([0, 2])

    def moments(mean, x):
        return Moments(mean, x.square() if kind == "diagonal" else x @ x.mT)

    return [
        lambda m, x: moment_cross_entropy(moments(m, x), target, 2.0, points=16),
        lambda m, x: class_probabilities(moments(m, x), 2.0, points=16),
        lambda m, x: gaussian_nll(moments(m, x), torch.ones_like(m), 2.0),
        lambda m, x: moment_mse(moments(m, x), moments(1 + m, 2 * x), cov_weight=0.5),
        lambda m, x: moment_cross_entropy(
            moments(m, x),
            target,
            2.0,
            samples=4,
            generator=torch.Generator().manual_seed(0),
        ),
    ]


@pytest.mark.parametrize("kind", ["diagonal", "full"])
@pytest.mark.parametrize("which", range(5))
def test_gradients(kind, which):
    f = losses_of(kind)[which]
    generator = torch.Generator().manual_seed(1)
    shape = (2, 3) if kind == "diagonal" else (2, 3, 3)
    inputs = [
        torch.randn(s, generator=generator, dtype=torch.float64, requires_grad=True)
        for s in ((2, 3), shape)
    ]
    assert gradcheck(f, inputs, atol=1e-6, check_forward_ad=True)
    assert gradgradcheck(f, inputs, atol=1e-6)


@pytest.mark.parametrize("kind", ["diagonal", "full"])
def test_transforms_and_batch(kind):
    mean, cov = (diagonal if kind == "diagonal" else lambda m: m)(counts(6, 4))
    target = targets(6, 4)
    f = torch.func

    def loss(m, c, t):
        return moment_cross_entropy(Moments(m, c), t, 100.0, reduction="none")

    want = loss(mean, cov, target)
    torch.testing.assert_close(f.vmap(loss)(mean, cov, target), want)
    torch.testing.assert_close(loss(mean[2], cov[2], target[2]), want[2])
    shaped = loss(
        mean.reshape(2, 3, 4), cov.reshape(2, 3, *cov.shape[1:]), target.reshape(2, 3)
    )
    torch.testing.assert_close(shaped.flatten(), want)
    tangent = f.jvp(
        lambda m: loss(m, cov, target).sum(), (mean,), (torch.ones_like(mean),)
    )[1]
    torch.testing.assert_close(tangent, torch.zeros_like(tangent), atol=1e-9, rtol=0)
    hessian = f.vmap(f.hessian(loss))(mean, cov, target)
    assert hessian.shape == (6, 4, 4)
    assert torch.isfinite(hessian).all()


@pytest.mark.parametrize("kind", ["diagonal", "full"])
def test_permuting_classes_permutes_probabilities(kind):
    mean, cov = (diagonal if kind == "diagonal" else lambda m: m)(counts(6, 5))
    order = torch.tensor([3, 0, 4, 1, 2])
    permuted = cov[:, order] if kind == "diagonal" else cov[:, order][..., order]
    got = log_class_probabilities(Moments(mean[:, order], permuted), 100.0)
    want = log_class_probabilities(Moments(mean, cov), 100.0)[:, order]
    torch.testing.assert_close(got, want, atol=1e-9, rtol=1e-9)


def test_float32_agrees():
    for m in (counts(30, 10), diagonal(counts(30, 10))):
        want = moment_cross_entropy(m, targets(30, 10), 100.0, reduction="none")
        single = Moments(m.mean.float(), m.cov.float())
        got = moment_cross_entropy(single, targets(30, 10), 100.0, reduction="none")
        assert got.dtype == torch.float32
        torch.testing.assert_close(got.double(), want, atol=1e-5, rtol=1e-5)
        half = Moments(m.mean.bfloat16(), m.cov.bfloat16())
        assert moment_cross_entropy(half, targets(30, 10), 100.0).dtype == torch.float32


def five_losses(moments):
    x, t = torch.arange(24.0).reshape(6, 4) % 5, targets(6, 4)
    generator = torch.Generator().manual_seed(0)
    return [
        moment_cross_entropy(moments, t, 100.0),
        class_probabilities(moments, 100.0),
        gaussian_nll(moments, x, 100.0),
        moment_mse(moments, Moments(x, x), cov_weight=1.0),
        moment_cross_entropy(moments, t, 100.0, samples=9, generator=generator),
    ]


@pytest.mark.parametrize("kind", ["diagonal", "full", "low_rank"])
def test_autocast_leaves_the_losses_alone(kind):
    """No matrix product in half precision, whatever the precision of the moments."""
    mean, cov = (diagonal if kind == "diagonal" else lambda m: m)(counts(6, 4))
    fields = (mean, mean, cov, mean) if kind == "low_rank" else (cov,)

    def moments(*dtypes):
        cast = [mean, *fields]
        for dtype in dtypes:
            cast = [value.to(dtype) for value in cast]
        return Moments(cast[0], LowRank(*cast[1:]) if len(cast) > 2 else cast[1])

    half, single = torch.bfloat16, torch.float32
    for given, same in (
        (moments(single), moments(single)),
        (moments(half), moments(half, single)),
    ):
        with torch.autocast("cpu", dtype=half):
            found = five_losses(given)
        for loss, expected in zip(found, five_losses(same), strict=True):
            assert loss.dtype == single
            assert torch.equal(loss, expected)


@pytest.mark.parametrize("kind", ["diagonal", "full"])
def test_compile_in_an_autocast_region(kind):
    mean, cov = (diagonal if kind == "diagonal" else lambda m: m)(counts(3, 3))
    moments, t = Moments(mean.float(), cov.float()), targets(3, 3)

    def losses(moments):
        entropy = moment_cross_entropy(moments, t, 100.0, points=64)
        return entropy + gaussian_nll(moments, torch.ones(3, 3), 100.0)

    compiled = torch.compile(losses, fullgraph=True, backend="aot_eager")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(compiled(moments), losses(moments))


def test_low_rank_is_its_dense_matrix():
    one = torch.full((3, 4), 0.05)
    low_rank = LowRank(one, one, torch.rand(4, 2), torch.ones(3, 2))
    pair = Moments(one, low_rank), Moments(one, low_rank.dense())
    for loss in (
        lambda m: moment_cross_entropy(m, targets(3, 4), 100.0),
        lambda m: gaussian_nll(m, one, 100.0),
        lambda m: moment_mse(m, Moments(one, one), cov_weight=1.0),
    ):
        assert loss(pair[0]) == loss(pair[1])


def test_one_class_is_certain():
    mean = torch.zeros(2, 1, requires_grad=True)
    loss = moment_cross_entropy(Moments(mean, mean), torch.zeros(2).long(), 1.0)
    loss.backward()
    assert loss == 0


def test_gaussian_nll_against_scipy():
    m = counts(3, 4)
    x = torch.arange(12.0).reshape(3, 4).double()
    got = [gaussian_nll(v, x, 100.0, reduction="none") for v in (m, diagonal(m))]
    for b in range(3):
        C = 100 * m.cov[b].numpy() + TIE**2 * np.eye(4)
        for loss, cov in zip(got, (C, np.diag(np.diag(C))), strict=True):
            want = -multivariate_normal(100 * m.mean[b].numpy(), cov).logpdf(
                x[b].numpy()
            )
            assert loss[b].item() == pytest.approx(want, rel=1e-12)


def test_moment_mse_mixes_representations():
    m, w = counts(3, 4), counts(3, 4, seed=1)
    want = (m.mean - w.mean).square().sum(-1)
    torch.testing.assert_close(moment_mse(m, w.mean, reduction="none"), want)
    square = (m.cov - torch.diag_embed(diagonal(w).cov)).square().sum((-2, -1))
    got = moment_mse(m, diagonal(w), mean_weight=3.0, cov_weight=2.0, reduction="none")
    torch.testing.assert_close(got, 3 * want + 2 * square)


def test_modules_are_their_functions():
    m, t = counts(3, 4), targets(3, 4)
    x = torch.ones_like(m.mean)
    loss = MomentCrossEntropy(100.0, points=64, reduction="sum")
    assert loss(m, t) == moment_cross_entropy(m, t, 100.0, points=64, reduction="sum")
    assert "readout=100.0" in repr(loss)
    assert not loss.state_dict()
    assert GaussianNLL(100.0)(m, x) == gaussian_nll(m, x, 100.0)
    assert MomentMSE(cov_weight=1.0)(m, m) == 0
    draws = [
        MomentCrossEntropy(
            100.0, samples=9, generator=torch.Generator().manual_seed(3)
        )(m, t)
        for _ in "ab"
    ]
    assert draws[0] == draws[1]


def test_bad_input():
    m, t = counts(3, 4), targets(3, 4)
    with pytest.raises(TypeError, match=r"use target.long\(\)"):
        moment_cross_entropy(m, t.int(), 1.0)
    with pytest.raises(ValueError, match="`target` must have shape"):
        moment_cross_entropy(m, t[:2], 1.0)
    with pytest.raises(ValueError, match="`cov` must have the shape"):
        moment_cross_entropy(Moments(m.mean, m.cov[:2]), t, 1.0)
    for name in ("jitter", "points", "samples"):
        with pytest.raises(ValueError, match=f"`{name}` must be positive; got 0"):
            moment_cross_entropy(m, t, 1.0, **{name: 0})
    with pytest.raises(ValueError, match="`readout` must be positive"):
        class_probabilities(m, -1.0)
    with pytest.raises(ValueError, match="`reduction` must be"):
        GaussianNLL(reduction="avg")
    for name in ("readout", "jitter", "points", "samples"):
        with pytest.raises(ValueError, match=f"`{name}` must be positive; got -1"):
            MomentCrossEntropy(**{"readout": 1.0, name: -1})
    with pytest.raises(ValueError, match="`jitter` must be positive; got 0"):
        GaussianNLL(jitter=0.0)
    with pytest.raises(TypeError, match=r"expected Moments\(mean, cov\)"):
        gaussian_nll(m.mean, m.mean)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="`target` must have shape"):
        gaussian_nll(m, m.mean[0])
    with pytest.raises(ValueError, match="without covariance"):
        moment_mse(m, m.mean, cov_weight=1.0)
    with pytest.raises(RuntimeError, match=r"index \d+ is out of bounds|out of bounds"):
        moment_cross_entropy(m, t + 4, 1.0)
