"""The moment activation: golden values, published points, limits, extremes, errors."""

import csv
import math
from pathlib import Path

import mpmath
import numpy as np
import pytest
from mpmath import mpf

import meanfield as mf
from meanfield import LIF
from tests import oracle

EPS = np.finfo(float).eps
TABLE = Path(__file__).parents[1] / "data" / "moment_activation.csv"
ROWS = list(csv.DictReader(TABLE.read_text().splitlines()))
COLUMN = {name: np.array([float(r[name]) for r in ROWS]) for name in ROWS[0]}
NEURON = LIF(**{k: COLUMN[k] for k in ("tau_m", "V_th", "V_reset", "t_ref")})
NORMAL = COLUMN["rate"] > 1e-290  # below, only the logarithm means something
VALUES = ["rate", "std", "chi"]


def exact_error(name: str, computed: np.ndarray) -> np.ndarray:
    """Absolute difference to the 25 digits of the table."""
    with mpmath.workdps(30):
        pairs = zip(computed, ROWS, strict=True)
        return np.array([float(abs(mpf(float(v)) - mpf(r[name]))) for v, r in pairs])


def golden_condition(name: str) -> np.ndarray:
    if name == "log_rate":
        value, slopes = COLUMN["log_rate"], "rate"
        scale = np.where(NORMAL, COLUMN["rate"], np.nan)
    else:
        value, slopes, scale = COLUMN[name], name, 1.0
    size = np.abs(COLUMN["mu"]) + COLUMN["V_th"] / COLUMN["tau_m"]
    move = size * np.abs(COLUMN[f"{slopes}_dmu"])
    move += COLUMN["sigma"] * np.abs(COLUMN[f"{slopes}_dsigma"])
    with np.errstate(divide="ignore", invalid="ignore"):
        return move / np.abs(scale * value)


def test_golden_values():
    result = mf.moment_activation(COLUMN["mu"], COLUMN["sigma"], NEURON)
    for name, value in zip(VALUES, result, strict=True):
        error = exact_error(name, value)[NORMAL] / COLUMN[name][NORMAL]
        bound = 1e-13 + 8 * EPS * golden_condition(name)[NORMAL]
        assert np.all(error <= bound), name


def test_golden_log_rate():
    value = mf.log_firing_rate(COLUMN["mu"], COLUMN["sigma"], NEURON)
    error = exact_error("log_rate", value) / np.abs(COLUMN["log_rate"])
    bound = 1e-13 + 8 * EPS * golden_condition("log_rate")
    assert np.all(error[NORMAL] <= bound[NORMAL])
    # d ln rate/d ln x <= 2 b^2 is all of ln rate ~ -b^2 where the rate underflows
    assert np.all(error[~NORMAL] <= 1e-13 + 16 * EPS)


def test_golden_fano_factor_and_cv():
    fano = mf.fano_factor(COLUMN["mu"], COLUMN["sigma"], NEURON)
    bound = 1e-13 + 16 * EPS * golden_condition("std")
    error = exact_error("fano", fano) / COLUMN["fano"]
    assert np.all(error[NORMAL] <= bound[NORMAL])
    cv = mf.cv(COLUMN["mu"], COLUMN["sigma"], NEURON)
    assert cv == pytest.approx(np.sqrt(fano), rel=1e-15)


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("by", ["dmu", "dsigma"])
def test_golden_derivatives(name, by):
    result = mf.moment_activation_derivatives(COLUMN["mu"], COLUMN["sigma"], NEURON)
    exact = COLUMN[f"{name}_{by}"]
    error = exact_error(f"{name}_{by}", getattr(result, f"{name}_{by}"))
    size = np.maximum(np.abs(exact), COLUMN[name] / COLUMN["sigma"])[NORMAL]
    bound = 1e-11 + 8 * EPS * golden_condition(name)[NORMAL]
    assert np.all(error[NORMAL] <= bound * size)


# (mu, sigma, rate, std, chi) to 17 digits for the default neuron, by quadrature at 40 and
# 60 digits; the first three are points where a bound of the integrals is exactly +-6.
PUBLISHED = [
    (3, 2.23606797749979, 0.077242437166302242, 0.053713706039873394, 0.77874248239337278),
    (4, 2.23606797749979, 0.093503792185172037, 0.043430644768594919, 0.72736623366943287),
    (1.2, 0.8944271909999159, 0.026552196288365799, 0.043206222101927399, 0.86610206934240933),
    (1.5, 35.56, 0.11243090847034889, 0.35939333762026498, 0.63888564880367787),
    (9.625, 29.99, 0.1464207953214593, 0.18427108862136821, 0.51471257922252414),
    (1, 1, 0.018236946205835476, 0.054184113945795548, 0.85319013320529771),
    (0, 1, 2.5315168457108593e-10, 1.5910741009012456e-5, 6.1959913103526037e-4),
    (0, 1000, 0.19383848885066994, 0.17943469163226192, 0.16818499214599453),
    (1000, 0.001, 0.19920279016794482, 1.2582995304995434e-8, 0.063135163164220009),
    (-50, 20, 1.0681094925879275e-57, 3.2896340383565726e-29, 3.2994288164474108e-27),
    (0, 1e8, 0.19999993658678174, 5.9299016501250239e-4, 5.396376342154456e-4),
]  # fmt: skip


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda r: f"{r[0]},{r[1]}")
def test_published_points(row):
    mu, sigma, *exact = row
    # three exact inputs; at (-50, 20) the condition number is 2 b^2 = 260
    assert mf.moment_activation(mu, sigma) == pytest.approx(exact, rel=2e-13, abs=0)


OTHER = LIF(tau_m=10.0, V_th=15.0, V_reset=5.0, t_ref=2.0)
BRUNEL = LIF(V_reset=10.0, t_ref=2.0)


@pytest.mark.parametrize(
    ("mu", "sigma", "neuron", "exact"),
    [
        (1.2, 1, OTHER, (0.017767388615927353, 0.093393932242789646, 0.80382116501048462)),
        (1.2, 0.5, BRUNEL, (0.038651322698674205, 0.04926453018037596, 0.91804040626022536)),
    ],
)  # fmt: skip
def test_published_points_of_other_neurons(mu, sigma, neuron, exact):
    assert mf.moment_activation(mu, sigma, neuron) == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize(
    ("neuron", "exact"),
    [
        (
            LIF(),
            (0.0530139950906867602, 0.0281048367547535991, 0.0334284647913390586,
             0.840745661823968895),
        ),
        (
            OTHER,
            (0.077005277766593894756, 0.079064170718803733, 0.090098896978722821,
             0.877526511090086068),
        ),
    ],
)  # fmt: skip
def test_no_noise(neuron, exact):
    """rate, d rate/d mu, d std/d sigma and chi at sigma = 0, mu = 2."""
    value = mf.moment_activation(2.0, 0.0, neuron)
    slope = mf.moment_activation_derivatives(2.0, 0.0, neuron)
    got = value.rate, slope.rate_dmu, slope.std_dsigma, value.chi
    assert got == pytest.approx(exact, rel=1e-14)
    assert value.std == 0.0


def test_published_derivatives():
    d = mf.moment_activation_derivatives
    for sigma, exact in ((1e-3, 4.7512434e-7), (1e-5, 4.7512562e-9)):
        assert d(2, sigma).chi_dsigma == pytest.approx(exact, rel=1e-7, abs=0)
    assert d(2, 1e-9).chi_dsigma == pytest.approx(4.7512562e-13, rel=1e-7, abs=0)
    assert d(2, 1e-5).chi_dmu == pytest.approx(-0.057392122, rel=1e-8)
    assert d(0.625, 9.103).std_dmu == pytest.approx(-5.3597666e-6, rel=1e-7)
    slope = d(1000, 0.001).chi_dsigma
    assert slope == pytest.approx(-1.5736605e-12, rel=1e-7, abs=0)


@pytest.mark.parametrize(
    ("t_ref", "largest"), [(5.0, 0.88130), (2.0, 0.927), (1.0, 0.951)]
)
def test_largest_chi(t_ref, largest):
    mu, sigma = np.meshgrid(np.linspace(0.5, 3.0, 251), np.linspace(1.5, 6.0, 226))
    chi = mf.chi(mu, sigma, LIF(t_ref=t_ref))
    assert chi.max() == pytest.approx(largest, abs=5e-4)


class TestLimits:
    def test_silent_without_noise_up_to_rheobase(self):
        mu = [-1e300, -1.0, 0.0, 1.0]
        assert np.all(np.array(mf.moment_activation(mu, 0.0)) == 0)
        assert np.all(mf.log_firing_rate(mu, 0.0) == -np.inf)
        assert np.all(mf.fano_factor(mu, 0.0) == 1)
        assert np.all(np.array(mf.moment_activation_derivatives(mu, 0.0)) == 0)

    def test_noiseless_rate(self):
        mu = np.array([1 + 1e-12, 1.001, 2.0, 1e5, 1e300])
        p, x = mu - 1, 1 / (mu - 1)
        exact = 1 / (5 + 20 * np.log1p(x))
        assert mf.firing_rate(mu, 0.0) == pytest.approx(exact, rel=1e-14)
        assert np.all(p > 0)

    def test_small_noise_continues_no_noise(self):
        """Across the switch to the noiseless formulas (b = -1e8) nothing jumps."""
        sigma = np.sqrt(20.0) * 1e-8 * np.array([0.99, 1.01])
        left, right = np.transpose(mf.moment_activation(2.0, sigma))
        assert right[0] == pytest.approx(left[0], rel=1e-15)
        assert right[1] / sigma[1] == pytest.approx(left[1] / sigma[0], rel=1e-14)
        assert right[2] == pytest.approx(left[2], rel=1e-14)

    def test_saturation(self):
        assert mf.firing_rate(0.0, 1e300) == pytest.approx(0.2, rel=1e-15)
        assert mf.firing_rate(1e300, 1.0) == pytest.approx(0.2, rel=1e-15)
        assert mf.moment_activation(np.inf, 1.0) == (0.2, 0.0, 0.0)
        assert mf.moment_activation(1.0, np.inf) == (0.2, 0.0, 0.0)
        assert mf.moment_activation(-np.inf, 1.0) == (0.0, 0.0, 0.0)

    def test_nan_in_nan_out(self):
        for arguments in (
            (np.nan, 1.0),
            (1.0, np.nan),
            (np.nan, 0.0),
            (np.inf, np.inf),
        ):
            assert np.all(np.isnan(mf.moment_activation(*arguments)))
            assert np.isnan(mf.log_firing_rate(*arguments))
        mixed = mf.firing_rate([1.0, np.nan, 2.0], 1.0)
        assert list(np.isnan(mixed)) == [False, True, False]

    def test_deep_below_threshold(self):
        """ln rate ~ -b^2 + ln(b/(sqrt(pi) tau_m)); spikes become a Poisson process."""
        b = 1e4
        mu, sigma = 0.0, np.sqrt(20.0) / b
        exact = -(b**2) + math.log(b / (math.sqrt(math.pi) * 20.0))
        assert mf.log_firing_rate(mu, sigma) == pytest.approx(exact, rel=1e-14)
        assert mf.moment_activation(mu, sigma) == (0.0, 0.0, 0.0)
        assert mf.fano_factor(mu, sigma) == pytest.approx(1.0, rel=1e-7)
        assert mf.log_firing_rate(mu, 1e-120) == pytest.approx(-20e240, rel=1e-12)

    def test_perfect_integrator(self):
        """Inverse Gaussian intervals: mean d/mu, CV^2 = sigma^2/(mu d) plus dead time."""
        mu, sigma, d, dead = 0.7, 1.3, 13.0, 3.0
        neuron = LIF(tau_m=np.inf, V_th=20.0, V_reset=7.0, t_ref=dead)
        mean, variance = d / mu, d * sigma**2 / mu**3
        rate = 1 / (dead + mean)
        value = mf.moment_activation(mu, sigma, neuron)
        gain = rate**2 * d / mu**2
        std = math.sqrt(variance * rate**3)
        assert value == pytest.approx((rate, std, sigma / std * gain), rel=1e-14)
        slow = mf.moment_activation(mu, sigma, LIF(tau_m=1e9, V_reset=7.0, t_ref=dead))
        assert slow == pytest.approx(value, rel=1e-7)
        assert mf.firing_rate(-0.1, sigma, neuron) == 0.0

    def test_reset_close_to_threshold(self):
        """rate -> 1/(t_ref + 2 tau_m g(b) (V_th - V_reset)/s) as the interval closes."""
        from meanfield.special import g

        gap = 1e-9
        neuron = LIF(V_reset=20.0 - gap, t_ref=0.0)
        s = 1.5 / math.sqrt(20.0)
        b = (1.0 - 0.8) / s
        width = (neuron.V_th - neuron.V_reset) / 20.0 / s
        exact = 1 / (40.0 * g(b) * width)
        assert mf.firing_rate(0.8, 1.5, neuron) == pytest.approx(exact, rel=1e-8)


def test_accuracy_where_differences_cancel():
    """Random neurons with short intervals, far drift and large noise, against mpmath."""
    rng = np.random.default_rng(11)
    for _ in range(150):
        neuron = LIF(
            V_reset=20.0 - 10.0 ** rng.uniform(-6, 1.5),
            t_ref=float(rng.choice([0.0, 2.0])),
            tau_m=float(10.0 ** rng.uniform(0, 2)),
        )
        rheobase = neuron.V_th / neuron.tau_m
        mu = rheobase * (1 + float(rng.choice([-1, 1]) * 10.0 ** rng.uniform(-3, 4)))
        sigma = float(10.0 ** rng.uniform(-3, 4))
        *exact, log_rate = oracle.moments(mu, sigma, neuron, digits=60)
        if log_rate < -600:
            continue
        got = mf.moment_activation(mu, sigma, neuron)
        slopes = mf.moment_activation_derivatives(mu, sigma, neuron)
        for i, (value, want) in enumerate(zip(got, exact, strict=True)):
            kappa = oracle.condition(
                mu, sigma, neuron, value, slopes[2 * i], slopes[2 * i + 1]
            )
            error = float(abs(mpf(float(value)) / want - 1))
            assert error <= 1e-13 + 8 * EPS * kappa, (mu, sigma, neuron)


def test_no_jumps_across_internal_switches():
    """Values on both sides of every switch differ by no more than their slope says."""
    edges = [0.0, 2.0, 4.0, 6.5, -4.0]
    for sigma in (0.3, 1.0, 5.0, 50.0):
        s = sigma / math.sqrt(20.0)
        at_b = [1.0 - e * s for e in edges]
        at_a = [-e * s for e in edges]
        narrow = [1.0 - (1 - 32 / s) * s, 1.0 - (32 / s - 1) / 4 * s]
        mu = np.array(at_b + at_a + narrow)
        step = 1e-13 * np.maximum(1.0, np.abs(mu))
        for side in (-1, 1):
            near = mf.moment_activation(mu + side * step, sigma)
            here = mf.moment_activation(mu, sigma)
            slope = mf.moment_activation_derivatives(mu, sigma)
            for i in range(3):
                live = here[i] > 1e-300
                move = np.abs(near[i] - here[i])[live]
                allowed = 1.1 * np.abs(slope[2 * i] * step) + 2e-13 * here[i]
                assert np.all(move <= allowed[live])


def test_finite_everywhere():
    """No NaN and no warning for finite input; infinite only by overflow."""
    rng = np.random.default_rng(2)
    n = 100_000
    for mu_digits, sigma_digits in ((3, 3), (300, 300), (10, 20), (1, 12)):
        mu = 10.0 ** rng.uniform(-mu_digits, mu_digits, n) * rng.choice([-1, 1], n)
        sigma = 10.0 ** rng.uniform(-sigma_digits, min(sigma_digits, 290), n)
        sigma[:500], mu[500:1000] = 0.0, 1.0
        for neuron in (
            LIF(), LIF(t_ref=0.0), LIF(tau_m=np.inf), LIF(V_reset=19.999999),
            LIF(tau_m=1e-3), LIF(V_th=-5.0, V_reset=-10.0), LIF(E_L=-70.0, V_th=-50.0, V_reset=-60.0),
        ):  # fmt: skip
            rate, std, chi = mf.moment_activation(mu, sigma, neuron)
            assert np.all((rate >= 0) & np.isfinite(rate))
            assert np.all(std >= 0)
            assert np.all((chi >= 0) & (chi <= 1))
            slopes = np.array(mf.moment_activation_derivatives(mu, sigma, neuron))
            assert not np.isnan(slopes).any()
            assert not np.isnan(mf.log_firing_rate(mu, sigma, neuron)).any()
            assert not np.isnan(mf.fano_factor(mu, sigma, neuron)).any()


def test_discretization_raises_the_threshold():
    """Rate of an exact-OU clocked simulator, measured with 1 % to 2 % s.e. as published.

    Simulated bias at dt = 0.1 ms: -8.8, -5.1, -8.2, -2.7, -1.4, -1.6 and -14.5 %.
    """
    mu = np.array([0.5, 0.8, 0.0, 1.0, 1.5, 3.0, 0.5])
    sigma = np.array([1.5, 1.0, 5.0, 1.0, 1.0, 2.0, 1.0])
    bias = mf.firing_rate(mu, sigma, discretization=0.1) / mf.firing_rate(mu, sigma) - 1
    measured = np.array([-8.8, -5.1, -8.2, -2.7, -1.4, -1.6, -14.5]) / 100
    assert bias == pytest.approx(measured, abs=0.005)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: mf.firing_rate(1.0, -1.0), ValueError, "`sigma` must not be negative"),
        (lambda: mf.firing_rate(1.0, [1.0, -2.0]), ValueError, r"-2.0 at index \(1,\)"),
        (lambda: mf.firing_rate("x", 1.0), TypeError, "`mu` must be real"),
        (lambda: mf.firing_rate(1.0, 1.0, 3.0), TypeError, "`neuron` must be one with a"),
        (lambda: mf.lif.cv(1.0, 1.0, 3.0), TypeError, "`neuron` must be an LIF"),
        (lambda: mf.firing_rate([1, 2], [1, 2, 3]), ValueError, "do not broadcast"),
        (lambda: mf.firing_rate(1, 1, LIF(V_th=[20, 21]), threads=0), ValueError, "thr"),
        (lambda: mf.firing_rate(1, 1, discretization=-1), ValueError, "discretization"),
        (lambda: mf.firing_rate(1, 1, discretization=np.nan), ValueError, "discretiz"),
    ],
)  # fmt: skip
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_units_are_not_stripped():
    class Quantity(float):
        magnitude = 1.0

    with pytest.raises(TypeError, match="carries a unit"):
        mf.firing_rate(Quantity(1.0), 1.0)
