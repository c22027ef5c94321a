"""All semi-balanced states: known cases, degenerate ones, and the laws they obey."""

import itertools
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from meanfield.balanced import semi_balanced_rates, semi_balanced_states

DATA = Path(__file__).parents[1] / "data"
KNOWN = json.loads((DATA / "balanced_fixed_points.json").read_text())["cases"]
CASES = {case["id"]: case for case in KNOWN}
ENSEMBLES = json.loads((DATA / "balanced_ensembles.json").read_text())["rows"]


def numbers(values):
    return np.vectorize(lambda x: float(Fraction(x)), otypes=[float])(values)


def as_set(found):
    return {(s.support, s.index, s.stability, s.boundary) for s in found.states}


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_known_cases_are_solved_completely(name, exact):
    case = CASES[name]
    arrays = {key: case[key] for key in ("W", "X", "tau", "gain")}
    if not exact:
        arrays = {key: numbers(value) for key, value in arrays.items()}
    found = semi_balanced_states(**arrays, exact=exact)
    known = {tuple(point["support"]): point for point in case["fixed_points"]}
    assert found.exhaustive
    assert {s.support for s in found.states} == set(known)
    assert len(found.states) == len(known)
    for state in found.states:
        point = known[state.support]
        assert state.index == point["index"]
        assert state.stability == point["stability"].replace("marginal", "boundary")
        np.testing.assert_allclose(state.rate, numbers(point["r"]), rtol=1e-13)
        net = numbers(point["net_input"])
        np.testing.assert_allclose(state.net_input, net, rtol=1e-12, atol=1e-15)
        if exact:
            assert [str(r) for r in state.exact_rate] == point["r"]
    if case["degree"] is not None:
        assert found.degree == case["degree"]
    faces = [list(face.support) for face in found.faces]
    assert faces == case["continuum_supports"]


def test_runaway_continuum_and_boundary_are_answers():
    runaway = semi_balanced_states([[3, -1], [1, -1]], [2, 1])
    assert (runaway.status, runaway.states, runaway.degree) == ("runaway", (), 0)
    line = CASES["c14"]
    found = semi_balanced_states(numbers(line["W"]), numbers(line["X"]))
    assert found.status == "continuum"
    (face,) = found.faces
    assert face.dimension == 1
    ends = [[0, 11 / 1275, 1 / 85], [11 / 1275, 0, 1 / 85]]
    np.testing.assert_allclose(face.vertices, ends, rtol=1e-13)
    assert len(face.rays) == 0
    edge = semi_balanced_states([[2, -3], [9, -5]], [3, 5])
    assert edge.states[0].boundary == (0,)


@pytest.mark.parametrize("kind", ["signed", "dale", "wide", "halves"])
def test_pivots_between_supports_agree_with_each_solved_alone(kind):
    rng = np.random.default_rng(7)
    for _ in range(25):
        n = int(rng.integers(2, 8))
        W, X = rng.normal(size=(n, n)), rng.normal(size=n)
        if kind == "dale":
            W = np.abs(W) * np.where(np.arange(n) < n // 2, 1, -1)
        elif kind == "wide":
            W *= rng.lognormal(0, 3, (n, n))
        elif kind == "halves":
            W = np.round(2 * W) / 2
        expected = set()
        for bits in itertools.product([False, True], repeat=n):
            S = np.flatnonzero(bits)
            block = W[np.ix_(S, S)]
            if S.size and np.linalg.svd(block)[1][-1] < 1e-9:
                continue
            r = np.zeros(n)
            r[S] = np.linalg.solve(block, -X[S])
            if np.all(r[S] > 0) and np.all(np.delete(W @ r + X, S) <= 0):
                expected.add(tuple(S.tolist()))
        found = semi_balanced_states(W, X).states
        assert {s.support for s in found} == expected


def test_smallest_networks():
    assert semi_balanced_states([[-2]], [1]).states[0].rate == 0.5
    assert semi_balanced_states([[1]], [1]).status == "runaway"
    both = semi_balanced_states([[1]], [-1])
    assert [s.stability for s in both.states] == ["stable", "unstable"]
    anything = semi_balanced_states([[0]], [0])
    assert anything.faces[0].rays.tolist() == [[1.0]]
    assert anything.degree is None


def test_scales_of_populations_do_not_matter():
    W, X = np.array([[2.0, -3.0], [9.0, -5.0]]), np.array([1.0, 0.5])
    units = np.array([1e-150, 1e120])
    (state,) = semi_balanced_states(W / units, X).states
    np.testing.assert_allclose(state.rate / units, [7 / 34, 8 / 17], rtol=1e-14)
    (state,) = semi_balanced_states(np.diag([-1.0, -1.0]), [1.0, 1e-20]).states
    assert (state.support, state.boundary) == ((0, 1), ())


def test_inputs_on_a_boundary_within_rounding_are_named():
    W, X = np.array([[0.2, -0.3], [0.9, -0.5]]), np.array([0.1 + 0.2, 0.5])
    (state,) = semi_balanced_states(W, X).states
    assert (state.stability, state.support, state.boundary) == ("boundary", (1,), (0,))


def member(point, found):
    """Whether a point is one of the states, or in the hull of a face."""
    if any(np.allclose(point, s.rate, atol=1e-8) for s in found.states):
        return True
    for face in found.faces:
        corners, rays = face.vertices.T, face.rays.reshape(-1, point.size).T
        rows = np.vstack([np.hstack([corners, rays]),
                          np.repeat([10.0, 0.0], [corners.shape[1], rays.shape[1]])])  # fmt: skip
        if scipy.optimize.nnls(rows, np.append(point, 10.0))[1] < 1e-6:
            return True
    return False


def brute_force(W, X, found, rng):
    """Compare with sympy on every nonsingular support, with linear programs on others."""
    n = len(X)
    expected = set()
    for k in range(1, n + 1):
        for support in itertools.combinations(range(n), k):
            S, off = list(support), [a for a in range(n) if a not in support]
            block = sympy.Matrix(W[np.ix_(S, S)].tolist())
            if block.det() != 0:
                r = -block.inv() * sympy.Matrix(X[S].tolist())
                rows = W[np.ix_(off, S)].ravel().tolist()
                net = sympy.Matrix(len(off), k, rows) * r
                if min(r) > 0 and all(
                    x + X[a] <= 0 for x, a in zip(net, off, strict=True)
                ):
                    expected.add((support, int(sympy.sign((-block).det()))))
                continue
            for cost in rng.normal(size=(3, k)):
                corner = scipy.optimize.linprog(
                    np.abs(cost), W[np.ix_(off, S)], -X[off], W[np.ix_(S, S)], -X[S]
                )
                if corner.status == 0:
                    point = np.zeros(n)
                    point[S] = corner.x
                    assert member(point, found)
    if np.all(X <= 0):
        expected.add(((), 1))
    assert {(s.support, s.index) for s in found.states if s.index} == expected


@pytest.mark.parametrize("seed", range(60))
def test_small_integers_where_many_supports_are_degenerate(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 5))
    W, X = rng.integers(-2, 3, (n, n)), rng.integers(-2, 3, n)
    found, exact = (semi_balanced_states(W, X, exact=e) for e in (False, True))
    assert as_set(found) == as_set(exact)
    assert (len(found.faces), found.degree) == (len(exact.faces), exact.degree)
    brute_force(W, X, found, rng)
    for face in found.faces:
        for weight in rng.dirichlet(np.ones(len(face.vertices)), 3):
            r = weight @ face.vertices + rng.random(len(face.rays)) @ face.rays
            net = W @ r + X
            np.testing.assert_allclose(r, np.maximum(r + net, 0.0), atol=1e-10)


def test_identical_populations_have_one_face_of_high_dimension():
    n = 9  # eight alike, one inhibitory
    W = np.full((n, n), 1.0)
    W[-1] = 4.5
    W[:, -1] = [-3.0] * 8 + [-5.0]
    found = semi_balanced_states(W, [0.4] * 8 + [0.3])
    assert found.faces[0].dimension == 7
    assert len(found.faces) == 1
    drives = np.append(np.linspace(0.3, 0.5, 8), 0.3)
    for exact in (False, True):
        different = semi_balanced_states(W, drives, exact=exact)
        assert different.exhaustive
        assert [s.support for s in different.states] == [(7, 8)]
        assert different.degree == 1


networks = st.tuples(
    st.integers(1, 5), st.integers(0, 2**32 - 1), st.sampled_from([0.5, 1.0])
)


def draw(n, seed, density):
    rng = np.random.default_rng(seed)
    W = rng.random((n, n)) * (rng.random((n, n)) < density)
    W[:, rng.random(n) < 0.5] *= -2.0
    np.fill_diagonal(W, np.diag(W) - rng.random(n))
    return W, rng.normal(0.5, 1.0, n), rng


@settings(max_examples=40, deadline=None)
@given(networks)
def test_laws_of_scaling_and_permutation(network):
    W, X, rng = draw(*network)
    n = len(X)
    states = semi_balanced_states(W, X).states
    rates = {s.support: s.rate for s in states}
    rows, columns = np.exp(rng.normal(0, 3, (2, n)))
    for scaled_W, scaled_X, unit in (
        (W, 7.5 * X, 7.5), (rows[:, None] * W, rows * X, 1.0), (W / columns, X, columns)
    ):  # fmt: skip
        other = semi_balanced_states(scaled_W, scaled_X).states
        assert {s.support for s in other} == set(rates)
        for s in other:
            np.testing.assert_allclose(s.rate, unit * rates[s.support], rtol=1e-9)
    order = rng.permutation(n)
    other = semi_balanced_states(W[np.ix_(order, order)], X[order]).states
    back = {tuple(sorted(order[list(s.support)].tolist())): s for s in other}
    assert set(back) == set(rates)
    for s in states:
        assert (back[s.support].index, back[s.support].stability) == (
            s.index, s.stability,
        )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(networks, networks)
def test_uncoupled_networks_multiply_their_states(one, other):
    (W1, X1, _), (W2, X2, _) = draw(*one), draw(*other)
    n1, n2 = len(X1), len(X2)
    W = np.block([[W1, np.zeros((n1, n2))], [np.zeros((n2, n1)), W2]])
    a, b = semi_balanced_states(W1, X1), semi_balanced_states(W2, X2)
    both = semi_balanced_states(W, [*X1, *X2])
    product = {
        ((*s.support, *(n1 + i for i in t.support)), s.index * t.index,
         s.stability == t.stability == "stable")
        for s in a.states for t in b.states
    }  # fmt: skip
    found = {(s.support, s.index, s.stability == "stable") for s in both.states}
    assert found == product
    assert both.degree == a.degree * b.degree


@settings(max_examples=40, deadline=None)
@given(networks)
def test_degree_does_not_depend_on_the_stimulus(network):
    W, _, rng = draw(*network)
    X = rng.normal(size=(20, len(W)))
    found = [semi_balanced_states(W, x) for x in X]
    assert len({f.degree for f in found}) == 1
    for f in found:
        assert sum(s.index for s in f.states) == f.degree
        assert len(f.stable) <= (len(f.states) + f.degree) / 2


@settings(max_examples=40, deadline=None)
@given(networks)
def test_states_solve_the_equation_and_agree_with_sweep_and_fractions(network):
    W, X, rng = draw(*network)
    found = semi_balanced_states(W, X)
    for s in found.states:
        np.testing.assert_allclose(
            s.rate, np.maximum(W @ s.rate + X + s.rate, 0.0), rtol=1e-8, atol=1e-8
        )
    assert as_set(semi_balanced_states(W, X, exact=True)) == as_set(found)
    sweep = semi_balanced_rates(W, np.stack([X, rng.normal(size=X.size)]))
    own = sweep.stimulus == 0
    listed = {tuple(np.flatnonzero(row).tolist()) for row in sweep.support[own]}
    assert listed == {s.support for s in found.states}
    assert sweep.count[0] == len(found.states)


def test_finite_networks_are_threshold_linear():
    W, X = np.array([[2.0, -3.0], [9.0, -5.0]]), np.array([1.0, 0.5])
    gain, threshold, size = np.array([0.5, 0.7]), np.array([0.3, 0.1]), 100.0
    (state,) = semi_balanced_states(
        W, X, gain=gain, threshold=threshold, size=size
    ).states
    drive = 10 * (W @ state.rate + X) - threshold
    np.testing.assert_allclose(state.rate, gain * np.maximum(drive, 0), rtol=1e-12)
    np.testing.assert_allclose(state.net_input, W @ state.rate + X, rtol=1e-12)
    jacobian = np.diag(gain) @ W - np.eye(2) / 10
    np.testing.assert_allclose(
        np.sort_complex(state.eigenvalues),
        np.sort_complex(np.linalg.eigvals(jacobian)), rtol=1e-12,
    )  # fmt: skip
    exact = semi_balanced_states(
        W, X, gain=["1/2", "7/10"], threshold=["3/10", "1/10"], size=100, exact=True
    )
    np.testing.assert_allclose(exact.states[0].rate, state.rate, rtol=1e-13)


def random_dale(ensemble, n, rng):
    kind, *_, strength = ensemble.split("_")
    half = n // 2
    if kind == "A":
        W = rng.random((n, n))
        W[:, half:] *= -float(strength[1:])
        return W, rng.random(n)
    spread = float(strength[1:])
    block = np.array([[30.0, -45.0], [135.0, -75.0]]) / half
    W = np.kron(block, np.ones((half, half)))
    X = np.repeat([0.4, 0.3], half)
    return (a * rng.uniform(1 - spread, 1 + spread, a.shape) for a in (W, X))


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, marks=() if row["n"] in (2, 6) else pytest.mark.slow)
        for row in ENSEMBLES
    ],
    ids=lambda row: f"{row['ensemble']}-{row['n']}",
)
def test_random_ensembles_have_the_known_statistics(row):
    """Counts by another solver. About 10 numbers x 25 rows: z < 5 fails once in 6,000."""
    rng = np.random.default_rng(1)
    n, draws = row["n"], min(600, row["draws"])
    solved = [
        semi_balanced_states(*random_dale(row["ensemble"], n, rng))
        for _ in range(draws)
    ]
    counts = np.array([min(len(f.states), 3) for f in solved])
    stable = np.array([min(len(f.stable), 2) for f in solved])
    full = np.mean([any(len(s.support) == n for s in f.states) for f in solved])
    pairs = [(row["pct_balanced_admissible"] / 100, full)]
    for known, own in (
        (row["pct_n_solutions_0_1_2_3plus"], counts),
        (row["pct_stable_0_1_2plus"], stable),
    ):
        pairs += [(p / 100, np.mean(own == k)) for k, p in enumerate(known)]
    degrees = [f.degree for f in solved]
    total = sum(row["degree_hist"].values())
    pairs += [
        (count / total, degrees.count(int(d)) / draws)
        for d, count in row["degree_hist"].items()
    ]
    for known, own in pairs:
        p = (known * row["draws"] + own * draws + 1) / (row["draws"] + draws + 2)
        error = np.sqrt(p * (1 - p) * (1 / draws + 1 / row["draws"]))
        assert abs(known - own) < 5 * error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1, 2, 3], [4, 5, 6]], [1, 2]), "square"),
        ((np.zeros((0, 0)), []), "square"),
        (([[1, np.nan], [1, 2]], [1, 1]), "finite"),
        (([[1, 2], [3, 4]], [1, 2, 3]), "shape"),
        (([[1, 2], [3, 4]], [1, np.inf]), "finite"),
    ],
)
def test_bad_arrays_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        semi_balanced_states(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gain": 0.0}, "gain"),
        ({"tau": [1.0, -1.0]}, "tau"),
        ({"gain": [1.0, 1.0, 1.0]}, "gain"),
        ({"size": 0.0}, "size"),
        ({"size": float("nan")}, "size"),
        ({"threshold": np.inf}, "threshold"),
        ({"enumerate_up_to": 30}, "enumerate_up_to"),
        ({"enumerate_up_to": 0, "starts": 0}, "starts"),
        ({"exact": True, "size": 2}, "square of a rational"),
        ({"exact": True, "gain": "a"}, "rational"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        semi_balanced_states([[2, -3], [9, -5]], [1.0, 0.5], **options)


def test_complex_weights_are_refused():
    with pytest.raises(TypeError, match="real"):
        semi_balanced_states([[1j]], [1.0])


def test_fractions_need_the_option():
    with pytest.raises(TypeError, match="exact=True"):
        semi_balanced_states([["1/2"]], ["1"])
