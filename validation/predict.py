"""What the theory predicts for a case, and how far it may be off by its own limits."""

import dataclasses
import math
from typing import NamedTuple

from meanfield import LIF, moment_activation

from .cases import Case

__all__ = ["QUANTITIES", "Allowance", "Prediction", "allowances", "predict"]

QUANTITIES = ("rate", "std", "fano", "correlation")

# Relative bias that the simulator's documentation leaves it, of rate and of CV.
_HARMONICS = 50
# Measured at dt = 0.2 tau_m, where no loss was seen: 1 +- 2 %; it grows with dt.
_PAIR_LOSS = 0.1  # relative loss of covariance over dt/tau_m
_SIMULATOR_RATE = _SIMULATOR_CV = 1e-3


class Prediction(NamedTuple):
    """Rate [kHz], std [sqrt(kHz)], asymptotic Fano factor, output correlation."""

    rate: float
    std: float
    fano: float
    correlation: float


class Allowance(NamedTuple):
    """A known limit of theory or simulation, and its size in the quantity's unit."""

    reason: str
    size: float


def predict(case: Case) -> Prediction:
    """Return the moment activation for a case.

    Parameters
    ----------
    case : Case
        For the clocked schemes, "grid" and "euler", the prediction is what they show
        (``discretization=dt``).

    Returns
    -------
    Prediction
        Fano factor = std**2/rate; correlation = chi**2 * input correlation.

    Notes
    -----
    A chain of Euler steps, V -> V + (mu - V/tau) dt + sigma sqrt(dt) N(0, 1), is the
    Ornstein-Uhlenbeck process with exp(-dt/tau') = 1 - dt/tau, mu' tau' = mu tau and
    sigma'^2 tau' (1 - exp(-2 dt/tau')) = 2 sigma^2 dt at the times of the steps: so
    "euler" is predicted as "grid" with other parameters.

    Examples
    --------
    >>> predict(Case(mu=1.0, sigma=1.0)).rate  # doctest: +ELLIPSIS
    0.01823...
    """
    clocked = 0.0 if case.scheme == "bridge" else case.dt
    mu, sigma, neuron = case.mu, case.sigma, case.neuron
    if case.scheme == "euler":
        mu, sigma, neuron = _euler_equivalent(case)
    found = moment_activation(mu, sigma, neuron, discretization=clocked)
    rate, std, chi = (float(x) for x in found)
    fano = std**2 / rate if rate > 0 else math.nan
    return Prediction(rate, std, fano, chi**2 * case.correlation)


def _euler_equivalent(case: Case) -> tuple[float, float, LIF]:
    tau, dt = float(case.neuron.tau_m), case.dt
    exact = -dt / math.log1p(-dt / tau) if dt < tau else math.nan
    kept = (1 - dt / tau) ** 2
    sigma = case.sigma * math.sqrt(2 * dt / (exact * (1 - kept)))
    neuron = dataclasses.replace(case.neuron, tau_m=exact)
    return case.mu * tau / exact, sigma, neuron


def allowances(case: Case, prediction: Prediction) -> dict[str, tuple[Allowance, ...]]:
    """Return the theory-error budget of each quantity.

    Parameters
    ----------
    case : Case
    prediction : Prediction

    Returns
    -------
    dict of str to tuple of Allowance
        Sizes add up.

    Notes
    -----
    *Simulator*: the bias that its documentation states; std = sqrt(rate) CV takes half
    the rate's and all of the CV's, the Fano factor twice the CV's.

    *Clocked scheme*: raising the threshold by 0.5826 sigma sqrt(dt) accounts for the
    leading error of a clocked simulator, of order sqrt(dt). What remains shows in the
    intervals: a fraction of dt in each, half of one at most; relative to the interval
    that is rate dt/2.

    *Finite window*: the count variance is corrected for the window up to terms that
    decay with it (see `pooling.statistics`). For regular firing these are the harmonics
    of the interval, which the jitter of rW intervals damps:
    |rest| <= sum_k exp(-2 pi^2 k^2 F rW)/(pi k)^2, divided by rW for the Fano factor.
    For irregular firing correlations decay with tau_m, and the same expression with
    exp(-W/tau_m) in place of the damping is added. The covariance of a pair is
    extrapolated from windows W and 2 W; it takes twice the same, relative to its size.

    *Linear chi*: the count of a neuron is a functional of its Gaussian noise; in the
    Wiener chaos expansion the output correlation of two equal neurons is
    c(rho) = sum_k v_k rho^k with v_k >= 0 and sum_k v_k = 1, and v_1 = chi^2 (Mehler's
    formula). The odd part (c(rho) - c(-rho))/2 is compared, free of v_2; what the
    linear theory leaves out of it is then between 0 and (1 - chi^2) |rho|^3.

    *Pairs in steps*: within a step the simulator's noise is independent in the two
    neurons of a pair.
    """
    rate, std, fano, correlation = prediction
    simulator = "simulator's bias"
    found = {
        "rate": [Allowance(simulator, _SIMULATOR_RATE * rate)],
        "std": [Allowance(simulator, (_SIMULATOR_RATE / 2 + _SIMULATOR_CV) * std)],
        "fano": [
            Allowance(simulator, 2 * _SIMULATOR_CV * fano),
            Allowance("finite window", _window_rest(case, prediction)),
        ],
        "correlation": [
            Allowance("linear chi", _third_order(case, correlation)),
            Allowance("finite window", _pair_window_rest(case, prediction)),
            Allowance("pairs in steps", _pair_steps(case) * abs(correlation)),
        ],
    }
    if case.scheme != "bridge":
        for name, size in _clocked(case, prediction).items():
            found[name].append(Allowance(f"{case.scheme} scheme", size))
    return {name: tuple(terms) for name, terms in found.items()}


def _window_rest(case: Case, prediction: Prediction) -> float:
    if not prediction.rate > 0:
        return 0.0
    intervals = prediction.rate * case.window
    damping = 2 * math.pi**2 * prediction.fano * intervals
    rest = sum(
        math.exp(-damping * k**2) / (math.pi * k) ** 2 for k in range(1, _HARMONICS + 1)
    )
    relaxed = math.exp(-case.window / float(case.neuron.tau_m)) / 6
    return (rest + relaxed) / intervals


def _pair_window_rest(case: Case, prediction: Prediction) -> float:
    if not prediction.fano > 0:
        return 0.0
    relative = 2 * _window_rest(case, prediction) / prediction.fano
    return relative * abs(prediction.correlation)


def _pair_steps(case: Case) -> float:
    return _PAIR_LOSS * case.dt / float(case.neuron.tau_m)


def _third_order(case: Case, correlation: float) -> float:
    if not case.correlation:
        return 0.0
    rest = 1 - correlation / case.correlation
    return max(rest, 0.0) * abs(case.correlation) ** 3


def _clocked(case: Case, prediction: Prediction) -> dict[str, float]:
    relative = prediction.rate * case.dt / 2
    return {
        "rate": relative * prediction.rate,
        "std": relative * prediction.std,
        "fano": 2 * relative * prediction.fano,
        "correlation": 2 * relative * abs(prediction.correlation),
    }
