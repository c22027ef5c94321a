"""g, h, G, H against mpmath, exact values and their definition."""

import math

import mpmath
import numpy as np
import pytest
from mpmath import mpf

from meanfield import special
from meanfield.special import mp
from meanfield.special._precompute.certificate import measure, sample

NAMES = ["g", "G", "h", "H", "g_scaled", "G_scaled", "h_scaled", "H_scaled"]


@pytest.fixture(scope="module")
def errors():
    """Largest error per function and interval, on a small version of the certificate."""
    return measure(sample(1500, seed=3))


@pytest.mark.parametrize("name", NAMES)
def test_relative_error_in_float64(errors, name):
    worst = max(errors[name].values())
    assert worst <= 2e-15


@pytest.mark.slow
def test_relative_error_on_the_whole_certificate():
    errors = measure(sample(100_000, seed=1))
    assert max(max(e.values()) for e in errors.values()) <= 2e-15


@pytest.mark.parametrize("name", NAMES)
def test_float32(name):
    x = np.random.default_rng(0).uniform(-30, 6, 2000).astype(np.float32)
    got = getattr(special, name)(x)
    want = getattr(special, name)(x.astype(np.float64))
    assert got.dtype == np.float32
    keep = np.abs(want) < np.finfo(np.float32).max
    size = np.maximum(np.abs(want), np.abs(x)) if "G" in name else np.abs(want)
    assert np.all(np.abs(got - want)[keep] <= 3e-7 * size[keep])


def test_exact_values():
    root_pi = math.sqrt(math.pi)
    assert special.g(0.0) == pytest.approx(root_pi / 2, rel=1e-15)
    assert special.h(0.0) == pytest.approx(root_pi / 4 * math.log(2), rel=1e-15)
    assert special.G(0.0) == 0.0
    assert special.g_scaled(1e200) == pytest.approx(root_pi, rel=1e-15)


@pytest.mark.parametrize("x", [0.3, 1.7, 3.0, 6.0])
def test_reflection_with_dawson(x):
    """G(x) = sqrt(pi) e^{x^2} D(x) + G(-x), with SciPy's Dawson integral."""
    from scipy.special import dawsn

    want = math.sqrt(math.pi) * math.exp(x * x) * dawsn(x) + special.G(-x)
    assert special.G(x) == pytest.approx(want, rel=1e-13)


@pytest.mark.parametrize("x", ["-4.2", "-0.3", "0", "0.9", "2.7"])
def test_mpmath_functions_against_quadrature_of_the_definition(x):
    with mpmath.workdps(25):
        x = mpf(x)

        def g(u):
            return mpmath.sqrt(mpmath.pi) / 2 * mpmath.erfc(-u) * mpmath.exp(u * u)

        cuts = [-mpmath.inf, x - 8, x - 4, x - 2, x - 1, x]
        h = mpmath.quad(lambda u: mpmath.exp(x * x - u * u) * g(u) ** 2, cuts)
        assert mpmath.almosteq(mp.g(x), g(x), rel_eps=mpf("1e-22"))
        assert mpmath.almosteq(mp.h(x), h, rel_eps=mpf("1e-20"))
        G = mpmath.quad(g, [0, x])
        assert mpmath.almosteq(mp.G(x), G, rel_eps=mpf("1e-20"), abs_eps=mpf("1e-24"))


def test_mpmath_H_is_the_integral_of_h():
    with mpmath.workdps(20):
        far = mpf(-60)
        tail = mp.H(far)  # H ~ 1/(16 x^2) from the series
        assert mpmath.almosteq(tail, 1 / (16 * far**2), rel_eps=mpf("1e-3"))
        integral = mpmath.quad(mp.h, [far, -20, -6, -2, 0, mpf("1.5")])
        assert mpmath.almosteq(mp.H("1.5"), tail + integral, rel_eps=mpf("1e-16"))


@pytest.mark.parametrize("digits", [15, 60, 120])
def test_mpmath_functions_at_any_precision(digits):
    with mpmath.workdps(digits):
        exact = mpmath.sqrt(mpmath.pi) / 4 * mpmath.log(2)
        assert abs(mp.h(0) / exact - 1) < mpf(10) ** (1 - digits)
        for x in ("0.3", "5.1", "40"):
            left, right = mp.G(x), mpmath.pi / 2 * mpmath.erfi(x) + mp.G(-mpf(x))
            assert abs(left - right) < mpf(10) ** (2 - digits) * abs(right)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("g", 0.0, math.inf),
        ("G", -math.inf, math.inf),
        ("h", 0.0, math.inf),
        ("H", 0.0, math.inf),
        ("g_scaled", 0.0, math.sqrt(math.pi)),
        ("G_scaled", -math.inf, 0.0),
        ("h_scaled", 0.0, 0.0),
        ("H_scaled", 0.0, 0.0),
    ],
)
def test_infinities_and_nan(name, left, right):
    value = getattr(special, name)([-math.inf, math.inf, math.nan])
    assert value[0] == left
    assert value[1] == pytest.approx(right, rel=1e-15)
    assert math.isnan(value[2])


def test_asymptotics_to_the_end_of_the_range():
    y = np.array([1e7, 1e50, 1e100])
    assert special.g(-y) == pytest.approx(1 / (2 * y), rel=1e-10)
    assert special.h(-y) == pytest.approx(1 / (8 * y**3), rel=1e-9)
    assert special.H(-y[:2]) == pytest.approx(1 / (16 * y[:2] ** 2), rel=1e-9)
    gamma = 0.5772156649015329
    constant = (gamma + 2 * math.log(2)) / 4
    assert special.G(-y) == pytest.approx(-np.log(y) / 2 - constant, rel=1e-12)


def test_ufunc_manners():
    x = np.linspace(-3, 3, 24).reshape(2, 3, 4)
    assert special.g(x).shape == (2, 3, 4)
    assert np.array_equal(special.g(x.T), special.g(x).T)
    assert np.array_equal(special.g(x[:, ::2]), special.g(x)[:, ::2])
    assert special.g(np.empty((0, 2))).shape == (0, 2)
    assert isinstance(special.g(1), float)
    assert special.g([1, 2]).dtype == np.float64
    out = np.empty((2, 3, 4))
    assert special.H(x, out=out) is out
    assert np.array_equal(out, special.H(x))
    special.H(x, out=x)
    assert np.array_equal(x, out)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"x": "a"}, TypeError, "`x` must be real"),
        ({"x": 1j}, TypeError, "`x` must be real"),
        ({"x": [1.0, 2.0], "out": np.empty(3)}, ValueError, "shape"),
        ({"x": [1.0], "out": np.empty(1, int)}, TypeError, "`out`"),
    ],
)
def test_bad_input(arguments, error, words):
    with pytest.raises(error, match=words):
        special.g(**arguments)
