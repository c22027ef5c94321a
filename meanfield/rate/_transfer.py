"""Transfer functions of rate models: value, derivative, inverse, range."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from ..errors import as_float, require
from ..neurons import LIF
from ..neurons._base import Parameters, check

_DEFAULT = LIF()
_SLOPE_ERROR = 1e-9  # relative, of the LIF's slope and of its largest value


class Transfer(Parameters):
    """What all transfer functions share; parameters are numbers or (..., n) arrays."""

    __slots__ = ()

    @property
    def bounds(self) -> tuple[Any, Any]:
        """Infimum and supremum of the rate."""
        return 0.0, np.inf

    @property
    def silent_below(self) -> Any:
        """Input up to which the rate is exactly 0; None if there is none."""
        return None

    @property
    def has_kink(self) -> bool:
        """Whether the derivative jumps where the rate sets in."""
        return False

    def __call__(self, input: npt.ArrayLike) -> Any:
        """Return the stationary rate at a constant input."""
        return self._value(as_float("input", input))

    def derivative(self, input: npt.ArrayLike) -> Any:
        """Return d rate/d input; at a kink, that from below."""
        return self._slope(as_float("input", input))

    def inverse(self, rate: npt.ArrayLike) -> Any:
        """Return the input that has this rate: the largest, where there are several."""
        low, high = self.bounds
        rate = as_float("rate", rate)
        least = "must be at least" if self.silent_below is not None else "must be above"
        good = rate >= low if self.silent_below is not None else rate > low
        require(good, "rate", f"{least} {low}, which no input goes below", rate)
        require(rate < high, "rate", f"must be below {high}, the largest one", rate)
        return self._inverse(rate)

    def mapped(self, change: Callable[[np.ndarray], Any]) -> "Transfer":
        """Return the function with `change` applied to every parameter that is an array."""
        return _mapped(self, change)

    def _value(self, x: np.ndarray) -> Any:
        raise NotImplementedError

    def _slope(self, x: np.ndarray) -> Any:
        raise NotImplementedError

    def _inverse(self, rate: np.ndarray) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} has no inverse; give it one, or solve for it"
        )

    def slope_bounds(self, low: np.ndarray, high: np.ndarray) -> tuple[Any, Any]:
        """Bounds of the derivative over [low, high]; 0 and inf where none are known."""
        return np.zeros_like(low), np.full_like(high, np.inf)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ThresholdLinear(Transfer):
    """Rate = gain [I - threshold]_+.

    Parameters
    ----------
    gain : array_like
        Slope above threshold, positive.
    threshold : array_like
        Input at which the rate sets in.

    Raises
    ------
    ValueError
        If `gain` is not positive and finite.

    Examples
    --------
    >>> from meanfield.rate import ThresholdLinear
    >>> ThresholdLinear(gain=2.0)([-1.0, 0.5])
    array([0., 1.])
    """

    gain: Any = 1.0
    threshold: Any = 0.0

    def __post_init__(self) -> None:
        check(self, positive=("gain",))

    @property
    def silent_below(self) -> Any:
        return self.threshold

    @property
    def has_kink(self) -> bool:
        return True

    def _value(self, x: np.ndarray) -> Any:
        return self.gain * np.maximum(x - self.threshold, 0.0)

    def _slope(self, x: np.ndarray) -> Any:
        return np.where(x > self.threshold, self.gain, 0.0)[()]

    def _inverse(self, rate: np.ndarray) -> Any:
        return self.threshold + rate / self.gain

    def slope_bounds(self, low: np.ndarray, high: np.ndarray) -> tuple[Any, Any]:
        return self._slope(low), self._slope(high)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PowerLaw(Transfer):
    """Rate = gain [I - threshold]_+ ^ exponent.

    Parameters
    ----------
    gain : array_like
        Rate at an input of 1 above threshold, positive.
    exponent : array_like
        Positive; above 1 for the supralinear networks of cortex.
    threshold : array_like
        Input at which the rate sets in.

    Raises
    ------
    ValueError
        If `gain` or `exponent` is not positive and finite.

    Examples
    --------
    >>> from meanfield.rate import PowerLaw
    >>> PowerLaw(gain=0.04, exponent=2.0)([-1.0, 5.0])
    array([0., 1.])
    """

    gain: Any = 1.0
    exponent: Any = 2.0
    threshold: Any = 0.0

    def __post_init__(self) -> None:
        check(self, positive=("gain", "exponent"))

    @property
    def silent_below(self) -> Any:
        return self.threshold

    @property
    def has_kink(self) -> bool:
        return bool(np.any(np.asarray(self.exponent) <= 1.0))

    def _value(self, x: np.ndarray) -> Any:
        with np.errstate(over="ignore"):
            return self.gain * np.maximum(x - self.threshold, 0.0) ** self.exponent

    def _slope(self, x: np.ndarray) -> Any:
        above = x > self.threshold
        with np.errstate(over="ignore"):
            step = np.where(above, x - self.threshold, 1.0)
            slope = self.gain * self.exponent * step ** (self.exponent - 1.0)
        return np.where(above, slope, 0.0)[()]

    def _inverse(self, rate: np.ndarray) -> Any:
        return self.threshold + (rate / self.gain) ** (1.0 / np.asarray(self.exponent))

    def slope_bounds(self, low: np.ndarray, high: np.ndarray) -> tuple[Any, Any]:
        at_low, at_high = self._slope(low), self._slope(high)
        falling = np.asarray(self.exponent) < 1.0
        inside = falling & (low <= self.threshold) & (high > self.threshold)
        least = np.where(inside, 0.0, np.minimum(at_low, at_high))
        return least, np.where(inside, np.inf, np.maximum(at_low, at_high))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sigmoid(Transfer):
    """Rate = maximum/(1 + exp(-slope (I - threshold))).

    Parameters
    ----------
    maximum : array_like
        Largest rate, positive.
    slope : array_like
        Steepness, positive; the gain at threshold is maximum slope/4.
    threshold : array_like
        Input of half the largest rate.

    Raises
    ------
    ValueError
        If `maximum` or `slope` is not positive and finite.

    Examples
    --------
    >>> from meanfield.rate import Sigmoid
    >>> Sigmoid(maximum=2.0)([-np.inf, 0.0, 1000.0])
    array([0., 1., 2.])
    """

    maximum: Any = 1.0
    slope: Any = 1.0
    threshold: Any = 0.0

    def __post_init__(self) -> None:
        check(self, positive=("maximum", "slope"))

    @property
    def bounds(self) -> tuple[Any, Any]:
        return 0.0, self.maximum

    def _value(self, x: np.ndarray) -> Any:
        return self.maximum * expit(self.slope * (x - self.threshold))

    def _slope(self, x: np.ndarray) -> Any:
        z = self.slope * (x - self.threshold)
        return self.maximum * self.slope * expit(z) * expit(-z)

    def _inverse(self, rate: np.ndarray) -> Any:
        return self.threshold + logit(rate / self.maximum) / self.slope

    def slope_bounds(self, low: np.ndarray, high: np.ndarray) -> tuple[Any, Any]:
        least = np.minimum(self._slope(low), self._slope(high))
        return least, self._slope(np.clip(self.threshold, low, high))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LIFRate(Transfer):
    """Rate [kHz] of leaky integrate-and-fire neurons whose mean drive [mV/ms] is I.

    Parameters
    ----------
    neuron : LIF
        Neuron parameters.
    sigma : array_like
        Noise intensity [mV/sqrt(ms)], positive.

    Raises
    ------
    ValueError
        If `sigma` is not positive: without noise the gain is infinite at rheobase.
    TypeError
        If `neuron` is not an `LIF`.

    See Also
    --------
    meanfield.moment_activation : the theory behind it, with its accuracy.

    Examples
    --------
    >>> from meanfield.rate import LIFRate
    >>> round(float(1e3 * LIFRate(sigma=1.0)(1.0)), 4)
    18.2369
    """

    neuron: LIF = _DEFAULT
    sigma: Any = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.neuron, LIF):
            kind = type(self.neuron).__name__
            raise TypeError(f"`neuron` must be an LIF; got {kind}")
        sigma = as_float("sigma", self.sigma).astype(float)
        good = (sigma > 0) & np.isfinite(sigma)
        remedy = "without noise the gain is infinite at rheobase"
        require(good, "sigma", "must be positive and finite", sigma, remedy)
        sigma.flags.writeable = False
        object.__setattr__(self, "sigma", sigma if sigma.ndim else sigma.item())

    def __hash__(self) -> int:
        return hash((self.neuron, np.asarray(self.sigma).tobytes()))

    @property
    def shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(self.neuron.shape, np.shape(self.sigma))

    @property
    def bounds(self) -> tuple[Any, Any]:
        with np.errstate(divide="ignore"):
            return 0.0, (1.0 / np.asarray(self.neuron.t_ref))[()]

    def _value(self, x: np.ndarray) -> Any:
        from ..lif import firing_rate

        return firing_rate(x, self.sigma, self.neuron)

    def _slope(self, x: np.ndarray) -> Any:
        from ..lif import moment_activation_derivatives

        return moment_activation_derivatives(x, self.sigma, self.neuron).rate_dmu

    def slope_bounds(self, low: np.ndarray, high: np.ndarray) -> tuple[Any, Any]:
        """Bound the slope, which has one maximum, as `tests/rate` checks numerically."""
        at_ends = np.minimum(self._slope(low), self._slope(high))
        top = self._slope(np.clip(_steepest(self), low, high))
        return (1.0 - _SLOPE_ERROR) * at_ends, (1.0 + _SLOPE_ERROR) * top


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CustomTransfer(Transfer):
    """Any vectorized function of the input.

    Parameters
    ----------
    function : callable
        Rates for an array of inputs, elementwise.
    slope : callable, optional
        Its derivative; by default Ridders' extrapolation of central differences.
    inverse_function : callable, optional
        Its inverse.
    lower, upper : float
        Infimum and supremum of the rate. Without a finite `upper`, `fixed_points` has no
        bound to search within and cannot promise a complete list.
    increasing : bool
        Whether the function never falls, which complete lists of fixed points rest on.

    Raises
    ------
    TypeError
        If `function` is not callable.
    ValueError
        If `lower` is not below `upper`.

    Notes
    -----
    Ridders' extrapolation takes 20 values of the function at up to 0.2 max(1, abs(I)) from
    I. Its error, relative to the largest slope, is 1e-11 for smooth functions that change
    over lengths from 0.05 to 100; give `slope` for others, and for those with corners.

    References
    ----------
    .. [1] C. J. F. Ridders, Adv. Eng. Softw. 4, 75 (1982),
       doi:10.1016/S0141-1195(82)80057-0

    Examples
    --------
    >>> from meanfield.rate import CustomTransfer
    >>> f = CustomTransfer(function=lambda x: 1 + np.tanh(x), upper=2.0)
    >>> round(float(f.derivative(0.0)), 12)
    1.0
    """

    function: Callable[[Any], Any]
    slope: Callable[[Any], Any] | None = None
    inverse_function: Callable[[Any], Any] | None = None
    lower: float = 0.0
    upper: float = np.inf
    increasing: bool = True

    def __post_init__(self) -> None:
        if not callable(self.function):
            kind = type(self.function).__name__
            raise TypeError(f"`function` must be callable; got {kind}")
        ordered = self.lower < self.upper
        require(ordered, "lower", f"must be below upper={self.upper}", self.lower)

    @property
    def shape(self) -> tuple[int, ...]:
        return ()

    @property
    def bounds(self) -> tuple[Any, Any]:
        return self.lower, self.upper

    def _value(self, x: np.ndarray) -> Any:
        try:
            rate = np.asarray(self.function(x), float)
        except (TypeError, ValueError) as error:
            condition = "`function` must take an array of inputs, elementwise"
            raise ValueError(f"{condition}: {error}") from error
        same = "must give an array of the shape of its argument"
        require(rate.shape == np.shape(x), "function", same, str(rate.shape))
        return rate[()]

    def _slope(self, x: np.ndarray) -> Any:
        if self.slope is not None:
            return np.asarray(self.slope(x), float)[()]
        return _ridders(self._value, x)

    def _inverse(self, rate: np.ndarray) -> Any:
        if self.inverse_function is None:
            return Transfer._inverse(self, rate)
        return np.asarray(self.inverse_function(rate), float)[()]


@lru_cache(maxsize=256)
def _steepest(f: LIFRate) -> float:
    """Return the input at which a LIF neuron's rate is steepest; inf if that is large."""
    neuron = f.neuron
    rheobase = (neuron.V_th - neuron.E_L) / neuron.tau_m
    wide = np.geomspace(1e-3, 1e5, 600) * f.sigma
    x = rheobase + np.concatenate([-wide[::-1], [0.0], wide])
    k = int(np.argmax(f._slope(x)))
    if k == x.size - 1:
        return np.inf
    found = minimize_scalar(
        lambda v: -float(f._slope(np.asarray(v))), bounds=(x[max(k - 1, 0)], x[k + 1]),
        method="bounded", options={"xatol": 1e-7 * f.sigma},
    )  # fmt: skip
    return float(found.x)


def _mapped(parameters: Any, change: Callable[[np.ndarray], Any]) -> Any:
    changes: dict[str, Any] = {}
    for field in fields(parameters):
        value = getattr(parameters, field.name)
        if isinstance(value, Parameters):
            changes[field.name] = _mapped(value, change)
        elif np.ndim(value):
            changes[field.name] = change(np.asarray(value))
    return replace(parameters, **changes) if changes else parameters


def _ridders(function: Callable, x: np.ndarray, levels: int = 10) -> Any:
    """Differentiate by central differences extrapolated to step 0, elementwise."""
    x = np.asarray(x, float)
    step = 0.2 * np.maximum(1.0, np.abs(x))
    row: list[np.ndarray] = []
    best, error = np.zeros_like(x), np.full_like(x, np.inf)
    for _ in range(levels):
        high, low = x + step, x - step
        new = [(function(high) - function(low)) / (high - low)]
        for k, coarse in enumerate(row):
            finer = new[-1] + (new[-1] - coarse) / (4.0 ** (k + 1) - 1.0)
            off = np.maximum(np.abs(finer - new[-1]), np.abs(finer - coarse))
            best = np.where(off < error, finer, best)
            error = np.minimum(off, error)
            new.append(finer)
        row, step = new, step / 2.0
    return best[()]
