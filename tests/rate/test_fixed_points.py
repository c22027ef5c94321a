"""All fixed points: complete lists, exact cases, published numbers."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, root

from meanfield import LIF
from meanfield.rate import (
    CustomTransfer,
    LIFRate,
    PowerLaw,
    RateModel,
    Sigmoid,
    ThresholdLinear,
    fixed_points,
    integrate,
)

TANH = CustomTransfer(
    function=np.tanh, slope=lambda x: 1.0 - np.tanh(x) ** 2, lower=-1.0, upper=1.0
)


def rates(found):
    return np.array([point.rate for point in found])


def logistic(x):
    return 1.0 / (1.0 + np.exp(-np.clip(x, -700.0, 700.0)))


def networks(count, seed):
    """Excitatory-inhibitory pairs of sigmoids of different slopes."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        W = np.array([[1.0, -1.0], [1.0, -1.0]]) * rng.uniform(0.0, 20.0, (2, 2))
        yield W, rng.uniform(-10.0, 5.0, 2), rng.uniform(0.5, 2.0, 2)


def crossings(W, X, slope):
    """Fixed points by a dense scan of r_e along the nullcline of I, another way round."""
    r = np.concatenate(
        [logistic(np.linspace(-45, 45, 60_001)), np.linspace(0, 1, 60_001)]
    )
    r_i = np.unique(r)[1:-1]
    u = np.log(r_i / (1.0 - r_i)) / slope[1]
    r_e = (u - X[1] - W[1, 1] * r_i) / W[1, 0]
    g = logistic(slope[0] * (W[0] @ [r_e, r_i] + X[0])) - r_e
    return int(np.count_nonzero(np.diff(np.sign(g))))


def test_wilson_cowan_networks_complete():
    """One, three and five fixed points in 300 networks, none missed."""
    counts = dict.fromkeys((1, 3, 5), 0)
    for W, X, slope in networks(300, seed=5):
        found = fixed_points(RateModel(W=W, X=X, f=Sigmoid(slope=slope)))
        assert found.exhaustive
        assert len(found) == crossings(W, X, slope)
        assert max(point.residual for point in found) < 1e-14
        assert sum(point.index for point in found) == 1
        counts[len(found)] += 1
    assert counts[3] > 30
    assert counts[5] > 0


def test_rates_to_all_digits():
    """Of the saddle, with mpmath; and of a quiet population, relative to itself."""
    model = RateModel(W=[[12.0, -4.0], [13.0, -2.0]], X=[-5.0, -9.0], f=Sigmoid())
    quiet = RateModel(W=[[12.0, -4.0], [13.0, -2.0]], X=[-40.0, -70.0], f=Sigmoid())
    for m, count in ((model, 3), (quiet, 1)):
        found = fixed_points(m)
        assert len(found) == count
        for point in found:
            with mpmath.workdps(60):

                def equations(a, b, m=m):
                    e = 12 * a - 4 * b + m.X[0], 13 * a - 2 * b + m.X[1]
                    return [
                        1 / (1 + mpmath.exp(-v)) - r
                        for v, r in zip(e, (a, b), strict=True)
                    ]

                want = mpmath.findroot(equations, tuple(point.rate), tol=1e-50)
            for have, exact in zip(point.rate, want, strict=True):
                assert abs(have / exact - 1) < 1e-13
    assert found[0].rate[1] < 1e-30


def test_lif_populations():
    """Bistable by recurrent excitation; the quiet state has its own relative precision."""
    f = LIFRate(neuron=LIF(t_ref=2.0), sigma=1.5)
    found = fixed_points(RateModel(W=[[100.0]], X=-1.0, f=f))
    assert found.exhaustive
    assert [point.stability for point in found] == ["stable", "unstable", "stable"]
    low, middle, high = rates(found)[:, 0]
    assert 0 < low < 1e-5
    for rate in (low, middle, high):
        assert f(100.0 * rate - 1.0) == pytest.approx(rate, rel=1e-11)
    assert middle == pytest.approx(
        brentq(lambda r: f(100 * r - 1) - r, 0.005, 0.1), rel=1e-9
    )
    pair = fixed_points(
        RateModel(W=[[120.0, -60.0], [90.0, -40.0]], X=[-1.0, 0.5], f=f)
    )
    assert pair.exhaustive
    assert sum(point.index for point in pair) == 1
    for point in pair:
        total = np.array([[120.0, -60.0], [90.0, -40.0]]) @ point.rate + [-1.0, 0.5]
        assert f(total) == pytest.approx(point.rate, rel=1e-10)


@pytest.mark.parametrize(
    ("c", "want"),
    [(80.0, (1.012, 2.620)), (320.0, (0.179, 1.701)), (1e3, (0.0, 1.600)),
     (1e5, (0.0, 1.956)), (1e6, (0.0, 1.986)), (1e12, (0.0, 2.0))],
)  # fmt: skip
def test_supralinear_network(c, want):
    """From superposition to the semi-balanced limit (0, 2); a bound is proved."""
    W = [[1.25, -0.65], [1.2, -0.5]]
    found = fixed_points(RateModel(W=W, X=[c, c], f=PowerLaw(gain=0.04)))
    assert found.exhaustive
    assert rates(found) / c == pytest.approx(np.array([want]), abs=6e-4)


def test_finite_size_correction_of_balance():
    """r_N = r + W^-1 f^-1(r)/sqrt(N) + O(1/N), with f = 0.04 x^2."""
    W, X = np.array([[2.0, -3.0], [9.0, -5.0]]), np.array([0.036, 0.027])
    limit = -np.linalg.solve(W, X)
    first = np.linalg.solve(W, np.sqrt(limit / 0.04))
    for c, allowed in ((1e4, 0.04), (1e6, 0.004), (1e8, 0.0004)):
        (point,) = fixed_points(RateModel(W=W, X=c * X, f=PowerLaw(gain=0.04)))
        assert (point.rate / c - limit) * np.sqrt(c) == pytest.approx(
            first, abs=allowed * abs(first).max()
        )


def test_where_there_is_none():
    found = fixed_points(RateModel(W=[[2.0]], X=1.0, f=PowerLaw()))
    assert found.exhaustive
    assert len(found) == 0
    assert not found.stable


def test_power_laws_in_closed_form():
    low, high = fixed_points(RateModel(W=[[2.0]], X=-1.0, f=PowerLaw()))
    assert low.rate == [0.0]
    assert high.rate == pytest.approx([1.0])
    assert (low.stability, high.stability) == ("stable", "unstable")
    assert (low.support, high.support) == ((), (0,))
    (root_,) = fixed_points(RateModel(W=[[1.0]], X=1.0, f=PowerLaw(exponent=0.5)))
    assert root_.rate == pytest.approx([(1 + math.sqrt(5)) / 2])
    # weights for which homogeneous balanced states exist: no bound, and no promise
    open_ended = fixed_points(
        RateModel(W=[[0.0, -1.0], [-1.0, -1.0]], X=0.1, f=PowerLaw())
    )
    assert not open_ended.exhaustive
    assert "beyond there is no bound" in open_ended.message


def test_kinds():
    def kind(W, tau=1.0):
        found = fixed_points(RateModel(W=W, X=0.0, f=TANH, tau=tau))
        assert found.exhaustive
        return next(p for p in found if np.all(p.rate == 0))

    assert kind([[0.5, 0.0], [0.2, 0.3]]).kind == "node"
    assert kind([[0.5, -2.0], [2.0, 0.3]]).kind == "focus"
    assert kind([[2.0, 0.1], [0.1, 0.3]]).kind == "saddle"
    centre = kind([[2.0, -2.0], [2.0, -1.0]], tau=[1.0, 2.0])
    assert (centre.stability, centre.kind) == ("boundary", "degenerate")
    assert centre.eigenvalues.imag == pytest.approx([1.0, -1.0])
    assert kind([[2.0, -2.0], [2.0, -1.0]], tau=[1.0, 2.1]).stability == "unstable"
    assert kind([[2.0, -2.0], [2.0, -1.0]], tau=[1.0, 1.9]).stability == "stable"


def test_roots_of_higher_order_are_one():
    for W, X in (([[4.0]], -2.0), ([[0.0, 4.0], [4.0, 0.0]], -2.0)):
        (point,) = fixed_points(RateModel(W=W, X=X, f=Sigmoid()))
        assert point.rate == pytest.approx(0.5, abs=1e-4)
        assert point.stability == "boundary"
        assert point.index == 0


@pytest.mark.parametrize("off", [-1e-9, -1e-12, 1e-12, 1e-9])
def test_near_a_fold(off):
    """Two roots at a distance of sqrt(off): both or neither."""
    r = 0.5 * (1.0 - np.sqrt(0.5))
    fold = np.log(r / (1 - r)) - 8.0 * r
    found = fixed_points(RateModel(W=[[8.0]], X=fold + off, f=Sigmoid()))
    assert len(found) == (1 if off > 0 else 3)


def test_steep_and_flat_functions():
    steep = fixed_points(RateModel(W=[[1.0]], X=-0.5, f=Sigmoid(slope=1e6)))
    assert rates(steep)[:, 0] == pytest.approx([0.0, 0.5, 1.0])
    flat = fixed_points(
        RateModel(W=[[1.0, -2.0], [2.0, -1.0]], X=1.0, f=Sigmoid(slope=1e-6))
    )
    assert rates(flat) == pytest.approx(0.5, abs=1e-5)
    strong = RateModel(W=[[1e3, -1e3], [1e3, -1e3]], X=4.0, f=Sigmoid(slope=10.0))
    assert fixed_points(strong).exhaustive


def test_parts_multiply():
    """Three uncoupled bistable populations; and what they drive."""
    W = np.zeros((4, 4))
    W[:3, :3] = 8.0 * np.eye(3)
    W[3, :3] = 1.0, 2.0, 4.0
    order = [2, 0, 3, 1]
    found = fixed_points(
        RateModel(
            W=W[np.ix_(order, order)], X=np.array([-4.0, -4, -4, 0])[order], f=Sigmoid()
        )
    )
    assert found.exhaustive
    one = brentq(lambda r: logistic(8 * r - 4) - r, 0.0, 0.2), 0.5
    one = (*one, 1 - one[0])
    want = [
        (a, b, c, logistic(a + 2 * b + 4 * c))
        for a, b, c in itertools.product(one, repeat=3)
    ]
    want = np.array(want)[:, order]
    assert rates(found) == pytest.approx(want[np.lexsort(want.T[::-1])], rel=1e-9)
    assert len(found.stable) == 8


def test_many_populations_are_searched():
    """Those that compete have 13, 27 and 51 states, counted by their symmetry."""
    for n, states in ((3, 13), (4, 27), (5, 51)):
        W = 12.0 * np.eye(n) - 4.0
        found = fixed_points(RateModel(W=W, X=-1.0, f=Sigmoid()))
        assert found.exhaustive
        assert max(point.residual for point in found) < 1e-14
        assert len(found) == count_symmetric(n, 12.0, 4.0, -1.0) == states
        assert sum(point.index for point in found) == 1


def test_what_cannot_be_proved_says_so():
    W = np.random.default_rng(1).normal(0.0, 1.0, (20, 20))
    found = fixed_points(RateModel(W=W, f=Sigmoid()))
    assert not found.exhaustive
    assert "indices sum to 1; no proof" in found.message
    circle = np.array([[0.0, 4.0, 0.0], [0.0, 0.0, 4.0], [4.0, 0.0, 0.0]])
    (point,) = found = fixed_points(RateModel(W=circle, X=-2.0, f=Sigmoid()))
    assert not found.exhaustive  # a root of third order
    assert point.rate == pytest.approx(0.5, abs=1e-3)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_proofs_hold(seed):
    """Three populations, proved complete: SciPy's hybr finds no other."""
    rng = np.random.default_rng(seed)
    model = RateModel(
        W=rng.normal(0.0, 8.0, (3, 3)),
        X=rng.normal(0.0, 3.0, 3),
        f=Sigmoid(slope=[0.5, 1.0, 3.0]),
    )
    found = fixed_points(model)
    assert found.exhaustive
    for start in rng.random((20, 3)):
        end = root(model.flow, start, tol=1e-13)
        if end.success and np.abs(end.fun).max() < 1e-12:
            assert np.abs(rates(found) - end.x).max(axis=1).min() < 1e-6


def count_symmetric(n, own, other, x):
    """Fixed points of r_k = S(own r_k - other sum(r) + x), by sizes of equal groups.

    Every r_k solves logit(r) - own r = y with one y: at most three values. For each way to
    have a, b and c of them, y is the root of one function of the least value.
    """
    fold = 0.5 * (1.0 + np.array([-1.0, 1.0]) * np.sqrt(1.0 - 4.0 / own))

    def drive(r):
        return np.log(r / (1 - r)) - own * r

    pieces = [(1e-15, fold[0]), tuple(fold), (fold[1], 1 - 1e-15)]
    count = 0
    for split in itertools.product(range(n + 1), repeat=3):
        if sum(split) != n:
            continue
        low = max(
            -30.0, *(drive(pieces[k][0 if k != 1 else 1]) for k in range(3) if split[k])
        )
        high = min(
            30.0, *(drive(pieces[k][1 if k != 1 else 0]) for k in range(3) if split[k])
        )
        y = np.linspace(low + 1e-9, high - 1e-9, 301)
        total = np.zeros_like(y)
        for k in range(3):
            if split[k]:
                total += split[k] * np.array(
                    [brentq(lambda r, v=v: drive(r) - v, *pieces[k]) for v in y]
                )
        crossings = np.count_nonzero(np.diff(np.sign(y + other * total - x)))
        ways = math.factorial(n) // math.prod(math.factorial(part) for part in split)
        count += ways * crossings
    return count


def test_search_finds_what_hybr_finds():
    rng = np.random.default_rng(3)
    for _ in range(5):
        n = 4
        W, X = rng.normal(0.0, 6.0, (n, n)), rng.normal(0.0, 2.0, n)
        found = fixed_points(RateModel(W=W, X=X, f=Sigmoid()), rng=1)
        assert sum(point.index for point in found) == 1
        for start in rng.random((40, n)):
            end = root(lambda r, W=W, X=X: logistic(W @ r + X) - r, start, tol=1e-13)
            if end.success:
                assert np.abs(rates(found) - end.x).max(axis=1).min() < 1e-7


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_order_of_populations_and_time_do_not_matter(seed):
    ((W, X, slope),) = networks(1, seed)
    one = fixed_points(RateModel(W=W, X=X, f=Sigmoid(slope=slope), tau=[10.0, 4.0]))
    two = fixed_points(RateModel(
        W=W[::-1, ::-1], X=X[::-1], f=Sigmoid(slope=slope[::-1]), tau=[8.0, 20.0]
    ))  # fmt: skip
    other = sorted(two, key=lambda point: tuple(point.rate[::-1]))
    assert rates(one) == pytest.approx(rates(other)[:, ::-1], rel=1e-9)
    assert [p.stability for p in one] == [p.stability for p in other]
    for a, b in zip(one, other, strict=True):
        assert a.eigenvalues == pytest.approx(2.0 * b.eigenvalues, rel=1e-6)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_dynamics_end_at_what_is_stable(seed):
    ((W, X, slope),) = networks(1, seed)
    model = RateModel(W=W, X=X, f=Sigmoid(slope=slope), tau=[1.0, 0.1])
    found = fixed_points(model)
    for point in found.stable:
        if point.eigenvalues[0].real < -1e-3:
            near = point.rate + 1e-6 * np.array([0.6, -0.8])
            end = integrate(model, [0.0, -20.0 / point.eigenvalues[0].real], near)
            assert end.final == pytest.approx(point.rate, abs=1e-5)


def test_jumps_are_not_fixed_points():
    step = CustomTransfer(function=lambda x: np.where(x > 0, 1.0, 0.0), upper=1.0)
    found = fixed_points(RateModel(W=[[1.0]], X=-0.5, f=step))
    assert rates(found).tolist() == [[0.0], [1.0]]


def test_enormous_weights():
    assert rates(fixed_points(RateModel(W=[[1e300]], X=1.0, f=Sigmoid()))).tolist() == [
        [1.0]
    ]
    assert not len(fixed_points(RateModel(W=[[1e200]], X=1.0, f=PowerLaw())))
    weak = fixed_points(RateModel(W=[[0.0, 1e-300], [1e-300, 0.0]], X=1.0, f=Sigmoid()))
    assert rates(weak) == pytest.approx(np.full((1, 2), logistic(1.0)), rel=1e-14)


def test_functions_that_fall_are_searched_not_promised():
    f = CustomTransfer(function=lambda x: np.exp(-(x**2)), upper=1.0, increasing=False)
    found = fixed_points(RateModel(W=[[3.0]], X=-1.0, f=f))
    assert not found.exhaustive
    r = np.linspace(0, 1, 100_001)
    assert len(found) == np.count_nonzero(
        np.diff(np.sign(np.exp(-((3 * r - 1) ** 2)) - r))
    )
    wrong = CustomTransfer(function=lambda x: np.exp(-(x**2)), upper=1.0)
    with pytest.raises(ValueError, match="`f` must not fall"):
        fixed_points(RateModel(W=[[3.0]], X=-1.0, f=wrong))


def test_bad_input_is_named():
    with pytest.raises(TypeError, match="`model` must be a RateModel"):
        fixed_points([[1.0]])
    with pytest.raises(ValueError, match="`X` must be constant"):
        fixed_points(RateModel(W=[[1.0]], X=lambda t: t))
    with pytest.raises(ValueError, match="not a batch"):
        fixed_points(RateModel(W=[[1.0]], X=[[1.0], [2.0]]))
    with pytest.raises(ValueError, match="`starts` must be at least 1"):
        fixed_points(RateModel(W=[[1.0]]), starts=0)


def test_threshold_linear_exact():
    """r = [2 r - 1]^+ has 0 and 1; with gains, thresholds and a singular block."""
    low, high = fixed_points(RateModel(W=[[2.0]], X=-1.0))
    assert (low.rate, high.rate) == ([0.0], pytest.approx([1.0]))
    assert (low.stability, high.stability) == ("stable", "unstable")
    f = ThresholdLinear(gain=[1.0, 2.0], threshold=[0.5, -0.5])
    found = fixed_points(RateModel(W=[[0.0, -1.0], [1.0, -1.0]], X=[1.5, 0.5], f=f))
    # r1 = 1 - r2, r2 = 2 (r1 - r2 + 1): r2 = 4/5, r1 = 1/5
    assert found.exhaustive
    assert rates(found) == pytest.approx(np.array([[0.2, 0.8]]))
    assert found[0].kind == "focus"
    assert not len(fixed_points(RateModel(W=[[2.0]], X=1.0)))


def test_competing_triples_multiply():
    """A winner-take-all of three has 7 states, 3 of them stable; two copies 49 and 9."""
    one = 0.5 * np.eye(3) - 1.5 * (1 - np.eye(3))
    two = np.kron(np.eye(2), one)
    for W, count, stable in ((one, 7, 3), (two, 49, 9)):
        found = fixed_points(RateModel(W=W, X=1.0))
        assert found.exhaustive
        assert (len(found), len(found.stable)) == (count, stable)
        supports = {point.support for point in found.stable}
        assert all(len(s) == len(W) // 3 for s in supports)


def test_a_population_at_its_kink_is_on_the_boundary():
    (point,) = fixed_points(RateModel(W=[[0.5, -1.0], [0.0, 0.0]], X=[1.0, 1.0]))
    assert point.rate == pytest.approx([0.0, 1.0], abs=1e-15)
    assert (point.stability, point.index) == ("boundary", 0)


def test_a_continuum_is_told():
    found = fixed_points(RateModel(W=[[1.0]], X=0.0))
    assert not found.exhaustive
    assert "continuum" in found.message


def random_pair(rng):
    """Two populations of any two functions, with weights of all sizes and some missing."""
    softplus = CustomTransfer(function=lambda x: np.logaddexp(0.0, x), slope=logistic)
    kinds = [
        lambda: Sigmoid(
            slope=10 ** rng.uniform(-0.5, 1.5), maximum=rng.uniform(0.5, 3.0)
        ),
        lambda: PowerLaw(gain=rng.uniform(0.05, 1.0), exponent=rng.uniform(1.2, 3.0)),
        lambda: PowerLaw(gain=rng.uniform(0.05, 1.0), exponent=rng.uniform(0.3, 0.9)),
        lambda: ThresholdLinear(gain=rng.uniform(0.2, 2.0), threshold=rng.normal()),
        lambda: TANH,
        lambda: softplus,
    ]
    W = rng.normal(size=(2, 2)) * 10 ** rng.uniform(-1.0, 1.0)
    W[rng.random((2, 2)) < 0.1] = 0.0
    X = rng.normal(size=2) * 10 ** rng.uniform(-1.0, 1.0)
    return RateModel(
        W=W, X=X, f=tuple(kinds[k]() for k in rng.integers(0, len(kinds), 2))
    )


def test_no_solver_finds_what_is_missing():
    """What hybr finds from 20 starts is in the list, for pairs of all kinds of functions."""
    rng = np.random.default_rng(2)
    for _ in range(40):
        model = random_pair(rng)
        have = rates(fixed_points(model)).reshape(-1, 2)

        def off(r, m=model):
            return m.flow(r)

        starts = [3.0 * rng.random((10, 2)), 10 ** rng.uniform(-3.0, 2.0, (10, 2))]
        for start in np.concatenate(starts):
            with np.errstate(all="ignore"):
                end = root(off, start, tol=1e-13)
            size = 1.0 + np.abs(end.x).max()
            if end.success and np.abs(end.fun).max() < 1e-11 * size:
                assert len(have)
                assert np.abs(have - end.x).max(axis=1).min() < 1e-5 * size


def test_silent_populations_that_would_burst():
    """The silent state of power laws with I -> I inhibition is found whatever the drive."""
    W, X = [[0.21, -1.74], [0.58, -1.64]], np.array([-0.55, -0.063])
    for c in np.geomspace(0.1, 1000.0, 30):
        found = fixed_points(RateModel(W=W, X=c * X, f=PowerLaw(gain=0.3)))
        assert found.exhaustive
        assert rates(found).tolist() == [[0.0, 0.0]]
