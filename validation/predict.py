"""What the theory predicts for a case, and how far it may be off by its own limits."""

import dataclasses
import math
from typing import NamedTuple

from meanfield import LIF, moment_activation

from .cases import Case

__all__ = ["QUANTITIES", "Allowance", "Prediction", "allowances", "predict"]

QUANTITIES = ("rate", "std", "fano", "correlation")
QUANTITIES += ("variance", "covariance")  # of layers; see `chain.points`
QUANTITIES += ("cv", "spectrum", "gain", "phase")  # see `forecasts.forecasts`
QUANTITIES += ("sd", "input", "pairs")  # see `population_forecasts`

# Relative bias that the simulator's documentation leaves it, of rate and of CV.
_HARMONICS = 50
_CLOCKED = 0.05  # see `allowances`
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
    """A known limit of theory or simulation, in the quantity's unit.

    The simulation may lie so far below or above the prediction because of it.
    """

    reason: str
    below: float
    above: float


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
    step = case.dt if case.clocked else 0.0
    mu, sigma, neuron = case.mu, case.sigma, case.neuron
    if case.scheme == "euler":
        mu, sigma, neuron = _euler_equivalent(case)
    found = moment_activation(mu, sigma, neuron, discretization=step)
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
        They add up.

    Notes
    -----
    *Simulator*: the bias that its documentation states; std = sqrt(rate) CV takes half
    the rate's and all of the CV's, the Fano factor twice the CV's.

    *Clocked scheme*: raising the threshold by 0.5826 sigma sqrt(dt) accounts for the
    leading error of a clocked simulator, of order sqrt(dt). Of what remains, one part
    is in the intervals, which are longer by a fraction of dt, half of it at most: the
    rate is lower by up to rate dt/2, relatively. The other is measured, at
    dt <= 0.1 tau_m: up to 0.025 b^2 dt/tau_m for a threshold b = (V_th - E_L - mu
    tau_m)/(sigma sqrt(tau_m)) above the mean; twice that is allowed.

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
    neurons of a pair, which loses covariance.
    """
    rate, std, fano, correlation = prediction
    simulator = "simulator's bias"
    found = {
        "rate": [_both(simulator, _SIMULATOR_RATE * rate)],
        "std": [_both(simulator, (_SIMULATOR_RATE / 2 + _SIMULATOR_CV) * std)],
        "fano": [
            _both(simulator, 2 * _SIMULATOR_CV * fano),
            _both("finite window", _window_rest(case, prediction)),
        ],
        "correlation": [
            _outward("linear chi", correlation, _third_order(case, correlation)),
            _both("finite window", _pair_window_rest(case, prediction)),
            _outward("pairs in steps", correlation, -_pair_loss(case, correlation)),
        ],
    }
    if case.clocked:
        for name, allowance in _clocked(case, prediction).items():
            found[name].append(allowance)
    return {name: tuple(terms) for name, terms in found.items()}


def _both(reason: str, size: float) -> Allowance:
    return Allowance(reason, size, size)


def _outward(reason: str, value: float, size: float) -> Allowance:
    """Allow for a change away from 0, or towards it if `size` is negative."""
    outward = math.copysign(size, value * size) if size else 0.0
    return Allowance(reason, max(-outward, 0.0), max(outward, 0.0))


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


def _pair_loss(case: Case, correlation: float) -> float:
    return _PAIR_LOSS * case.dt / float(case.neuron.tau_m) * abs(correlation)


def _third_order(case: Case, correlation: float) -> float:
    if not case.correlation:
        return 0.0
    rest = 1 - correlation / case.correlation
    return max(rest, 0.0) * abs(case.correlation) ** 3


def _clocked(case: Case, prediction: Prediction) -> dict[str, Allowance]:
    neuron = case.neuron
    tau = float(neuron.tau_m)
    room = float(neuron.V_th) - float(neuron.E_L) - case.mu * tau
    b = max(room / (case.sigma * math.sqrt(tau)), 0.0) if case.sigma else 0.0
    steep = _CLOCKED * b**2 * case.dt / tau
    late = prediction.rate * case.dt / 2
    reason = f"{case.scheme} scheme"
    rate, std, fano, correlation = prediction
    return {
        "rate": Allowance(reason, (late + steep) * rate, steep * rate),
        "std": Allowance(reason, (late + steep) * std, steep * std),
        "fano": _both(reason, 2 * (late + steep) * fano),
        "correlation": _both(reason, 2 * (late + steep) * abs(correlation)),
    }
