"""Networks too large to try every support."""

import numpy as np
import pytest
from quantecon.optimize import lcp_lemke

from meanfield.balanced import semi_balanced_states

from .test_states import random_dale


def planted(n, seed):
    """A network with a known state, unique as -W is diagonally dominant."""
    rng = np.random.default_rng(seed)
    W = rng.uniform(0, 1, (n, n))
    W[:, n // 2 :] *= -1
    np.fill_diagonal(W, 0)
    np.fill_diagonal(W, -1.1 * np.abs(W).sum(axis=1))
    r = rng.random(n) * (rng.random(n) < 0.5)
    silent = np.where(r > 0, 0.0, rng.random(n))
    return W, -W @ r - silent, r


@pytest.mark.parametrize("n", [30, 200])
def test_planted_state_is_found_and_known_to_be_unique(n):
    W, X, r = planted(n, 1)
    found = semi_balanced_states(W, X)
    assert found.exhaustive
    assert found.degree == 1
    (state,) = found.states
    np.testing.assert_allclose(state.rate, r, rtol=1e-11)
    assert state.stability == "stable"
    assert "P-matrix" in found.message


def test_planted_state_in_rational_numbers():
    W, X, r = planted(24, 2)
    (state,) = semi_balanced_states(W, X, exact=True).states
    np.testing.assert_allclose([float(x) for x in state.exact_rate], r, rtol=1e-11)


@pytest.mark.parametrize("ensemble", ["A_uniform_g2", "B_core_h0.5"])
def test_search_finds_what_enumeration_finds(ensemble):
    rng = np.random.default_rng(3)
    stable = found_stable = 0
    for _ in range(40):
        W, X = random_dale(ensemble, 8, rng)
        every = semi_balanced_states(W, X)
        some = semi_balanced_states(W, X, enumerate_up_to=0, starts=20)
        assert not some.exhaustive
        assert "not exhaustive" in some.message
        known = {s.support: s for s in every.states}
        for state in some.states:
            other = known[state.support]
            assert (state.index, state.stability) == (other.index, other.stability)
            np.testing.assert_allclose(state.rate, other.rate, rtol=1e-9)
        stable += len(every.stable)
        found_stable += len(some.stable)
    assert found_stable >= 0.93 * stable  # 97 to 100 % on average


def test_lemke_of_quantecon_agrees():
    rng = np.random.default_rng(4)
    solved = 0
    for _ in range(60):
        W, X = random_dale("B_core_h0.9", 6, rng)
        other = lcp_lemke(-W, -X)
        states = semi_balanced_states(W, X).states
        if other.success:
            solved += 1
            assert any(np.allclose(other.z, s.rate, rtol=1e-8) for s in states)
    assert solved > 40


@pytest.mark.parametrize("n", [40, 100])
def test_large_finite_networks_agree_with_quantecon(n):
    rng = np.random.default_rng(5)
    W, X = random_dale("B_core_h0.5", n, rng)
    W -= 0.5 * np.abs(W).max() * np.sqrt(n) * np.eye(n)  # a leak beyond the disorder
    found = semi_balanced_states(W, X, starts=4)
    other = lcp_lemke(-W, -X)
    assert other.success
    assert any(
        np.allclose(other.z, s.rate, rtol=1e-7, atol=1e-12) for s in found.states
    )


def test_results_of_a_search_are_reproducible():
    W, X = random_dale("B_core_h0.9", 18, np.random.default_rng(6))
    once, again = (
        semi_balanced_states(W, X, starts=10, enumerate_up_to=0) for _ in range(2)
    )
    assert [s.support for s in once.states] == [s.support for s in again.states]


def test_nothing_found_is_no_proof():
    found = semi_balanced_states(np.ones((24, 24)) + np.eye(24), np.ones(24))
    assert found.status == "not found"
    assert not found.exhaustive


def test_modules_without_loops_between_them_are_solved_completely():
    competing = np.array(
        [[18.0, 12.0, -45.0], [12.0, 18.0, -45.0], [67.5, 67.5, -75.0]]
    )
    X = np.array([0.4, 0.4, 0.3])
    found = semi_balanced_states(
        np.kron(np.eye(4), competing), np.tile(X, 4), enumerate_up_to=3
    )
    assert found.exhaustive
    assert (len(found.states), len(found.stable), found.degree) == (3**4, 2**4, 1)


@pytest.mark.parametrize("exact", [False, True])
def test_chains_of_modules_agree_with_every_support(exact):
    rng = np.random.default_rng(7)
    for _ in range(15):
        module = rng.integers(0, 3, 7)
        W = rng.random((7, 7)) * rng.choice([1.0, -2.0], 7) - np.diag(rng.random(7))
        W[module[:, None] < module[None, :]] = 0.0
        X = rng.normal(0.5, 1.0, 7)
        limit = int(np.bincount(module).max())
        every = semi_balanced_states(W, X)
        parts = semi_balanced_states(W, X, enumerate_up_to=min(limit, 6), exact=exact)
        assert parts.exhaustive
        assert parts.degree == every.degree
        one, other = (
            [(s.support, s.index, s.stability) for s in f.states]
            for f in (every, parts)
        )
        assert one == other
