"""What the theory predicts for a case, and how far it may be off by its own limits."""

import math
from typing import NamedTuple

from meanfield import moment_activation

from .cases import Case
from .evaluate import Result

__all__ = ["QUANTITIES", "Allowance", "Prediction", "allowances", "predict"]

QUANTITIES = ("rate", "std", "fano", "correlation")

# Relative bias that the simulator's documentation leaves it, of rate and of CV.
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
        For the schemes "grid" and "euler" the prediction is what a clocked simulator
        shows (``discretization=dt``).

    Returns
    -------
    Prediction
        Fano factor = std**2/rate; correlation = chi**2 * input correlation.

    Examples
    --------
    >>> predict(Case(mu=1.0, sigma=1.0)).rate  # doctest: +ELLIPSIS
    0.01823...
    """
    clocked = 0.0 if case.scheme == "bridge" else case.dt
    rate, std, chi = (
        float(x)
        for x in moment_activation(
            case.mu, case.sigma, case.neuron, discretization=clocked
        )
    )
    fano = std**2 / rate if rate > 0 else math.nan
    return Prediction(rate, std, fano, chi**2 * case.correlation)


def allowances(
    case: Case, prediction: Prediction, result: Result
) -> dict[str, tuple[Allowance, ...]]:
    """Return the theory-error budget of each quantity.

    Parameters
    ----------
    case : Case
    prediction : Prediction
    result : Result
        For the second-order part of the output correlation.

    Returns
    -------
    dict of str to tuple of Allowance
        Sizes add up.

    Notes
    -----
    *Simulator*: the bias that its documentation states; std = sqrt(rate) CV takes half
    the rate's and all of the CV's, the Fano factor twice the CV's.

    *Clocked scheme*: raising the threshold by 0.5826 sigma sqrt(dt) accounts for the
    leading error of a clocked simulator, of order sqrt(dt); one of order dt remains.

    *Finite window*: the count variance is corrected for the window up to terms that
    decay with it (see `pooling.statistics`). For regular firing these are the harmonics
    of the interval, which the jitter of rW intervals damps:
    |rest| <= sum_k exp(-2 pi^2 k^2 F rW)/(pi k)^2, divided by rW for the Fano factor.
    For irregular firing correlations decay with tau_m, and the same expression with
    exp(-W/tau_m) in place of the damping is added.

    *Linear chi*: chi_i chi_j rho is of first order in the input correlation rho. The
    odd part (c(rho) - c(-rho))/2 of the output correlation is compared, free of the
    second order; the third is bounded by (even/odd)^2 times the odd part. With an
    exponential transfer, c = (exp(x rho) - 1)/x, the third order is 2/3 of that.
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
            Allowance("linear chi", _third_order(correlation, result)),
            Allowance("pairs in steps", _PAIR_STEP * abs(correlation)),
        ],
    }
    if case.scheme != "bridge":
        for name, size in _clocked(case, prediction).items():
            found[name].append(Allowance(f"{case.scheme} scheme", size))
    return {name: tuple(terms) for name, terms in found.items()}


_PAIR_STEP = 1e-2
_HARMONICS = 50


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


def _third_order(correlation: float, result: Result) -> float:
    odd, even = result["correlation"].value, result["correlation_even"].value
    if not correlation or math.isnan(odd) or odd == 0:
        return 0.0
    return min((even / odd) ** 2, 1.0) * abs(correlation)


def _clocked(case: Case, prediction: Prediction) -> dict[str, float]:
    relative = case.dt / float(case.neuron.tau_m) + case.dt * prediction.rate / 2
    return {
        "rate": relative * prediction.rate,
        "std": 1.5 * relative * prediction.std,
        "fano": 2 * relative * prediction.fano,
        "correlation": 2 * relative * abs(prediction.correlation),
    }
