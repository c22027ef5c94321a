"""Branches, folds and Hopf points against exact values and mpmath."""

import mpmath
import numpy as np
import pytest

from meanfield import LIF
from meanfield.rate import (
    LIFRate,
    PowerLaw,
    RateModel,
    Sigmoid,
    ThresholdLinear,
    bifurcation_diagram,
    fixed_points,
)

# x at the folds of r = S(8 r + x), where 8 r (1 - r) = 1
FOLDS = sorted(
    np.log(r / (1 - r)) - 8 * r for r in 0.5 + np.array([-0.5, 0.5]) * np.sqrt(0.5)
)


def one_population(x):
    return RateModel(W=[[8.0]], X=x, f=Sigmoid())


def wilson_cowan(p, tau=1.0):
    return RateModel(
        W=[[12.0, -4.0], [13.0, -2.0]], X=[p - 6, -9.0], f=Sigmoid(), tau=[1.0, tau]
    )


def where(points):
    return [point.parameter for point in points]


def wilson_cowan_exact(condition, guess):
    """Parameter and rates where `condition` of the two slopes holds, by mpmath."""
    with mpmath.workdps(40):

        def equations(e, i, p):
            rates = [
                1 / (1 + mpmath.exp(-v))
                for v in (12 * e - 4 * i + p - 6, 13 * e - 2 * i - 9)
            ]
            slopes = [r * (1 - r) for r in rates]
            return rates[0] - e, rates[1] - i, condition(*slopes)

        found = mpmath.findroot(equations, guess, tol=1e-50)
        return float(found[2]), [float(found[0]), float(found[1])]


def determinant(a, b):
    return (12 * a - 1) * (-2 * b - 1) + 52 * a * b


@pytest.mark.parametrize("tau", [1.0, 0.8, 2.0])
def test_wilson_cowan(tau):
    """Folds at 2.60817487 and -0.15735820, and for tau = 1 a Hopf point at -0.12994235."""
    found = bifurcation_diagram(lambda p: wilson_cowan(p, tau), (-3.0, 6.0))
    (branch,) = found.branches
    assert found.exhaustive
    low, _ = wilson_cowan_exact(determinant, (0.66, 0.28, -0.157))
    high, rates = wilson_cowan_exact(determinant, (0.092, 0.0004, 2.6))
    assert where(found.folds) == pytest.approx([low, high], abs=1e-12)
    assert found.folds[1].rate == pytest.approx(rates, abs=1e-7)
    assert (round(low, 8), round(high, 8)) == (-0.1573582, 2.60817487)
    assert branch.ends == ("end of the span",) * 2
    if tau == 1.0:
        trace = wilson_cowan_exact(lambda a, b: 12 * a - 2 * b - 2, (0.71, 0.37, -0.13))
        (hopf,) = found.hopf
        assert hopf.parameter == pytest.approx(trace[0], abs=1e-12)
        assert hopf.rate == pytest.approx(trace[1], abs=1e-11)
        a, b = hopf.rate * (1 - hopf.rate)
        turn = mpmath.sqrt(determinant(a, b)) / (2 * mpmath.pi)
        assert hopf.frequency == pytest.approx(float(turn), rel=1e-10)


def test_points_are_fixed_points_with_their_stability():
    found = bifurcation_diagram(wilson_cowan, (-3.0, 6.0))
    (branch,) = found.branches
    for k in range(0, branch.parameter.size, 9):
        model = wilson_cowan(branch.parameter[k])
        assert np.abs(model.flow(branch.rate[k])).max() < 1e-13
        values = np.linalg.eigvals(model.jacobian(branch.rate[k]))
        assert branch.stable[k] == (values.real.max() <= 0)
    # no jump: neighbours are close, and turns are smooth
    steps = np.column_stack(
        [np.diff(branch.parameter) / 9.0, np.diff(branch.rate, axis=0)]
    )
    assert np.linalg.norm(steps, axis=1).max() < 0.06
    runs = list(branch.pieces())
    assert [stable for _, _, stable in runs] == [True, False, True]
    assert sum(p.size for p, _, _ in runs) == branch.parameter.size + 2


def test_all_fixed_points_lie_on_branches():
    found = bifurcation_diagram(wilson_cowan, (-3.0, 6.0))
    (branch,) = found.branches
    for p in (-0.15, -0.1, 0.37, 2.5, 3.0):
        crossings = np.count_nonzero(np.diff(np.sign(branch.parameter - p)))
        assert crossings == len(fixed_points(wilson_cowan(p)))


def test_folds_of_one_population():
    found = bifurcation_diagram(one_population, (-8.0, 0.0))
    assert where(found.folds) == pytest.approx(FOLDS, abs=1e-13)
    assert not found.hopf


def test_coarse_steps_do_not_jump():
    for step in (0.005, 0.1, 0.5):
        found = bifurcation_diagram(wilson_cowan, (-3.0, 6.0), max_step=step)
        assert where(found.folds) == pytest.approx(
            [-0.15735819584122, 2.60817487101385], abs=1e-9
        )
        assert where(found.hopf) == pytest.approx([-0.12994235443906], abs=1e-9)


def test_closed_branch():
    """x = p^2 - 4: the low and the middle state are one loop, the high one is apart."""
    found = bifurcation_diagram(lambda p: one_population(p * p - 4.0), (-2.0, 2.0))
    loop = next(branch for branch in found.branches if branch.closed)
    edge = np.sqrt(FOLDS[1] + 4.0)
    assert where(loop.points) == pytest.approx([edge, -edge], abs=1e-12) or where(
        loop.points
    ) == pytest.approx([-edge, edge], abs=1e-12)
    assert loop.ends == ("closed", "closed")
    assert np.ptp(loop.parameter) <= 2 * edge
    assert len(found.branches) == 2
    missed = bifurcation_diagram(
        lambda p: one_population(p * p - 4.0), (-2.0, 2.0), at=[-2, 2]
    )
    assert len(missed.branches) == 1


def test_pitchfork():
    """r_1 = S(w/2 - w r_2) and the reverse: symmetric up to w = 4."""
    found = bifurcation_diagram(
        lambda w: RateModel(W=[[0, -w], [-w, 0]], X=w / 2, f=Sigmoid()), (1.0, 9.0)
    )
    (point,) = [p for p in found.points if p.kind == "branch point"]
    assert point.parameter == pytest.approx(4.0, abs=1e-10)
    assert len(found.branches) == 3
    ends = sorted(end for branch in found.branches for end in branch.ends)
    assert ends == ["branch point"] * 2 + ["end of the span"] * 4
    broken = bifurcation_diagram(
        lambda w: RateModel(W=[[0, -w], [-w, 0]], X=[w / 2 + 1e-5, w / 2], f=Sigmoid()),
        (1.0, 9.0),
    )
    assert [p.kind for p in broken.points] == ["fold"]
    assert len(broken.branches) == 2


@pytest.mark.parametrize("gain", [1.0, 3.0, 1e4])
def test_exact_hopf_of_a_threshold_linear_pair(gain):
    """W = [[2, -3], [9, -5]] loses stability at tau_i/tau_e = (5 g + 1)/(2 g - 1).

    For g to infinity, the balanced network, that is 5/2.
    """

    def family(tau):
        return RateModel(
            W=[[2.0, -3.0], [9.0, -5.0]],
            X=[3.0, 2.0],
            tau=[1.0, tau],
            f=ThresholdLinear(gain=gain),
        )

    found = bifurcation_diagram(family, (1.0, 9.0))
    (hopf,) = found.hopf
    exact = (5 * gain + 1) / (2 * gain - 1)
    assert hopf.parameter == pytest.approx(exact, abs=1e-10)
    square = (1 + 3 * gain + 17 * gain**2) / exact
    assert hopf.frequency == pytest.approx(np.sqrt(square) / (2 * np.pi), rel=1e-9)
    assert [p.kind for p in found.points] == ["Hopf"]


def test_corners():
    """r = [2 r + x]^+ turns back at x = 0, where it falls silent."""
    found = bifurcation_diagram(lambda x: RateModel(W=[[2.0]], X=x), (-1.0, 1.0))
    (branch,) = found.branches
    (fold,) = branch.points
    assert (fold.kind, fold.parameter) == ("fold", pytest.approx(0.0, abs=1e-15))
    assert set(branch.ends) == {"end of the span"}
    assert branch.parameter.max() == pytest.approx(0.0, abs=1e-15)
    assert branch.rate.max() == pytest.approx(1.0)


def test_populations_that_set_in():
    """Each border is where the net input of a silent population is 0."""

    def family(x):
        return RateModel(
            W=[[0.5, -1.0], [0.8, -0.2]], X=[x, 0.4 - 0.5 * x], tau=[1.0, 2.0]
        )

    found = bifurcation_diagram(family, (-2.0, 3.0))
    (branch,) = found.branches
    # i alone: r_i = (0.4 - x/2)/1.2, and e sets in where x = r_i
    first = 0.4 / 1.7
    assert where(found.points) == pytest.approx([first], abs=1e-12)
    assert [p.kind for p in found.points] == ["border"]
    assert branch.stable.all()


def test_borders_of_a_threshold_that_moves():
    found = bifurcation_diagram(
        lambda h: RateModel(W=[[0.5]], X=1.0, f=ThresholdLinear(threshold=h)),
        (0.0, 3.0),
    )
    assert where(found.points) == pytest.approx([1.0], abs=1e-12)
    (branch,) = found.branches
    assert branch.rate[:, 0] == pytest.approx(
        2 * np.maximum(1 - branch.parameter, 0), abs=1e-12
    )


def test_supralinear_network_oscillates():
    """The trace of the Jacobian is 0 at the tau_i that the fixed point gives."""

    def family(tau):
        return RateModel(
            W=[[1.25, -0.65], [1.2, -0.5]],
            X=20.0,
            tau=[1.0, tau],
            f=PowerLaw(gain=0.04),
        )

    (point,) = fixed_points(family(1.0))
    slope = 2 * np.sqrt(0.04 * point.rate)
    exact = (1 + 0.5 * slope[1]) / (1.25 * slope[0] - 1)
    (hopf,) = bifurcation_diagram(family, (0.1, 30.0)).hopf
    assert hopf.parameter == pytest.approx(exact, rel=1e-10)


def test_lif_population_is_bistable():
    f = LIFRate(neuron=LIF(t_ref=2.0), sigma=1.5)
    found = bifurcation_diagram(
        lambda x: RateModel(W=[[100.0]], X=x, f=f), (-60.0, 5.0)
    )
    low, high = where(found.folds)
    for p, count in (
        (low - 1e-6, 1),
        (low + 1e-6, 3),
        (high - 1e-6, 3),
        (high + 1e-6, 1),
    ):
        assert len(fixed_points(RateModel(W=[[100.0]], X=p, f=f))) == count
    for fold in found.folds:  # the gain is 1 there
        assert 100.0 * f.derivative(
            100.0 * fold.rate[0] + fold.parameter
        ) == pytest.approx(1.0, abs=1e-8)


def test_many_populations():
    """A ring of ten: the uniform state r = S((a + 2 b) r + x) has the folds of one."""
    n = 10
    W = 4.0 * np.eye(n) + 2.0 * (np.roll(np.eye(n), 1, 0) + np.roll(np.eye(n), -1, 0))
    found = bifurcation_diagram(
        lambda x: RateModel(W=W, X=x, f=Sigmoid()), (-6.5, -2.0), at=[-6.5, -2.0]
    )
    uniform = [p for p in found.folds if np.ptp(p.rate) < 1e-6]
    assert where(uniform) == pytest.approx(FOLDS, abs=1e-8)


def test_where_there_is_nothing():
    found = bifurcation_diagram(lambda x: RateModel(W=[[2.0]], X=x), (1.0, 2.0))
    assert found.branches == ()
    assert found.points == ()
    assert "no state" in found.message


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`span` must ascend"):
        bifurcation_diagram(one_population, (1.0, 0.0))
    with pytest.raises(ValueError, match="`span` must be two numbers"):
        bifurcation_diagram(one_population, (1.0, 2.0, 3.0))
    with pytest.raises(ValueError, match="`at` must lie within `span`"):
        bifurcation_diagram(one_population, (0.0, 1.0), at=[2.0])
    with pytest.raises(TypeError, match="`family` must return a RateModel"):
        bifurcation_diagram(lambda p: p, (0.0, 1.0))
    with pytest.raises(TypeError, match="`family` must be callable"):
        bifurcation_diagram(one_population(0.0), (0.0, 1.0))
    with pytest.raises(
        ValueError, match="`family` must return 1 populations for every"
    ):
        bifurcation_diagram(lambda p: RateModel(W=np.eye(1 + (p > 0.4))), (0.0, 1.0))
    with pytest.raises(ValueError, match="not a batch"):
        bifurcation_diagram(lambda p: one_population([[p], [p]]), (0.0, 1.0))
    with pytest.raises(ValueError, match="`max_step` must be"):
        bifurcation_diagram(one_population, (0.0, 1.0), max_step=0.0)


def sigmoids(rng):
    W = np.array([[1.0, -1.0], [1.0, -1.0]]) * rng.uniform(0.0, 20.0, (2, 2))
    X, slope = rng.uniform(-10.0, 5.0, 2), rng.uniform(0.5, 2.0, 2)
    return lambda p: RateModel(W=W, X=[X[0] + 8 * p, X[1]], f=Sigmoid(slope=slope))


def lines(rng):
    n = rng.integers(2, 5)
    W, X, D = 0.7 * rng.normal(size=(n, n)), rng.normal(size=n), rng.normal(size=n)
    return lambda p: RateModel(W=W, X=X + 2 * p * D)


def powers(rng):
    W = np.array([[1.0, -1.0], [1.0, -1.0]]) * rng.uniform(0.0, 2.0, (2, 2))
    X = rng.uniform(-1.0, 1.0, 2)
    return lambda p: RateModel(W=W * (1.0 + 0.9 * p), X=5 * X, f=PowerLaw(gain=0.3))


@pytest.mark.parametrize("draw", [sigmoids, lines, powers])
def test_branches_of_random_networks_are_whole(draw):
    """At any parameter the branches pass through all fixed points, once each."""
    rng = np.random.default_rng(8)
    for _ in range(6):
        family = draw(rng)
        found = bifurcation_diagram(family, (-1.0, 1.0))
        ends = {end for branch in found.branches for end in branch.ends}
        assert ends <= {"end of the span", "closed"}
        for p in rng.uniform(-1.0, 1.0, 3):
            crossed = sum(
                np.count_nonzero(np.diff(np.sign(branch.parameter - p)))
                for branch in found.branches
            )
            assert crossed == len(fixed_points(family(p)))
