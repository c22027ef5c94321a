"""What the theory predicts for a case, and how far it may be off by its own limits."""

import math
from typing import NamedTuple

from meanfield import moment_activation

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
    leading error of a clocked simulator, of order sqrt(dt); one of order dt remains.

    *Finite window*: the count variance is corrected for the window up to terms that
    decay with it (see `pooling.statistics`). For regular firing these are the harmonics
    of the interval, which the jitter of rW intervals damps:
    |rest| <= sum_k exp(-2 pi^2 k^2 F rW)/(pi k)^2, divided by rW for the Fano factor.
    For irregular firing correlations decay with tau_m, and the same expression with
    exp(-W/tau_m) in place of the damping is added.

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


def _pair_steps(case: Case) -> float:
    return _PAIR_LOSS * case.dt / float(case.neuron.tau_m)


def _third_order(case: Case, correlation: float) -> float:
    if not case.correlation:
        return 0.0
    rest = 1 - correlation / case.correlation
    return max(rest, 0.0) * abs(case.correlation) ** 3


def _clocked(case: Case, prediction: Prediction) -> dict[str, float]:
    relative = case.dt / float(case.neuron.tau_m) + case.dt * prediction.rate / 2
    return {
        "rate": relative * prediction.rate,
        "std": 1.5 * relative * prediction.std,
        "fano": 2 * relative * prediction.fano,
        "correlation": 2 * relative * abs(prediction.correlation),
    }
