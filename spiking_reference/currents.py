"""Currents into the neurons of a network, which can be added.

What acts in a step is the mean of a current over it. The charge is thereby exact, and the
voltage of a leaky neuron is wrong in second order of the step only.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from meanfield.neurons import as_float, require

from .arguments import new_key
from .noise import Blocks, check_correlation, mixture, seeds

__all__ = ["Current", "OrnsteinUhlenbeck", "Ramp", "Sinusoid", "Step"]

_SMALL = 1e-2  # of h/tau, below which a difference is summed as a series


class Current:
    """What `source` is asked of; + adds currents, and functions of time to them."""

    __slots__ = ()

    def source(self, n: int, dt: float, seed: Any = None) -> Callable:
        """Return the current of one run.

        Parameters
        ----------
        n : int
            Number of neurons.
        dt : float
            Step [ms].
        seed : None, int or SeedSequence, optional
            Where fresh random numbers come from.

        Returns
        -------
        callable
            A function of the middles (steps,) of consecutive steps [ms] that returns
            means over the steps, of shape (steps,) or (steps, n). It may remember where
            it is, so that each run needs its own; for any stretch of time it gives
            what it would have given on the way.
        """
        raise NotImplementedError

    def __add__(self, other: Any) -> "Current":
        return _sum(self, other)

    def __radd__(self, other: Any) -> "Current":
        return _sum(other, self)


def _sum(*parts: Any) -> Any:
    if not all(callable(p) or hasattr(p, "source") for p in parts):
        return NotImplemented
    flat = (p.parts if isinstance(p, _Sum) else (p,) for p in parts)
    return _Sum(tuple(p for group in flat for p in group))


@dataclass(frozen=True, slots=True, eq=False)
class _Sum(Current):
    """Several currents at once, each with random numbers of its own."""

    parts: tuple[Any, ...]

    def source(self, n: int, dt: float, seed: Any = None) -> Callable:
        root, functions = seeds(seed), []
        for i, part in enumerate(self.parts):
            if hasattr(part, "source"):
                child = np.random.SeedSequence(
                    root.entropy, spawn_key=(*root.spawn_key, i)
                )
                part = part.source(n, dt, child)
            functions.append(part)

        def total(t: np.ndarray) -> np.ndarray:
            found = [np.asarray(f(t)) for f in functions]
            return _narrow(sum(v[:, None] if v.ndim == 1 else v for v in found))

        return total


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step(Current):
    """A constant current between two times.

    Parameters
    ----------
    amplitude : float or array_like
        Current (n,) while it is on, in the unit of the neuron's.
    start, stop : float or array_like, optional
        Times (n,) [ms] from the start of the simulation, warm-up included.

    Raises
    ------
    ValueError
        If a value is not finite (`stop` may be infinite), or `stop` not above `start`.

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import Step
    >>> current = Step(amplitude=2.0, start=1.0, stop=3.5)
    >>> current.source(1, 1.0)(np.arange(5) + 0.5)
    array([0., 2., 2., 1., 0.])
    """

    amplitude: Any
    start: Any = 0.0
    stop: Any = math.inf

    def __post_init__(self) -> None:
        _freeze(self, endless=("stop",))
        _in_order(self.start, self.stop)

    def source(self, n: int, dt: float, seed: Any = None) -> Callable:
        """Return the current of one run; see `Current.source`."""
        amplitude, start, stop = _rows(self, n)
        return lambda t: _narrow(amplitude * _share(t, dt, start, stop))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ramp(Current):
    """A current that rises linearly from zero, and stays.

    Parameters
    ----------
    amplitude : float or array_like
        Current (n,) at the end of the rise; may be negative.
    start, stop : float or array_like
        Begin and end (n,) of the rise [ms] from the start of the simulation.

    Raises
    ------
    ValueError
        If a value is not finite, or `stop` not above `start`.

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import Ramp
    >>> Ramp(amplitude=4.0, start=1.0, stop=3.0).source(1, 1.0)(np.arange(5) + 0.5)
    array([0., 1., 3., 4., 4.])
    """

    amplitude: Any
    start: Any
    stop: Any

    def __post_init__(self) -> None:
        _freeze(self)
        _in_order(self.start, self.stop)

    def source(self, n: int, dt: float, seed: Any = None) -> Callable:
        """Return the current of one run; see `Current.source`."""
        amplitude, start, stop = _rows(self, n)

        def means(t: np.ndarray) -> np.ndarray:
            begin = np.clip(t[:, None] - 0.5 * dt, start, stop)
            end = np.clip(t[:, None] + 0.5 * dt, start, stop)
            height = (0.5 * (begin + end) - start) / (stop - start)
            rising, risen = _share(t, dt, start, stop), _share(t, dt, stop, np.inf)
            return _narrow(amplitude * (rising * height + risen))

        return means


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sinusoid(Current):
    """A current that oscillates.

    Parameters
    ----------
    amplitude : float or array_like
        Half of the distance between the extremes (n,).
    frequency : float or array_like
        Cycles per time (n,) [kHz].
    phase : float or array_like, optional
        Phase (n,) at the start of the simulation [rad]; 0 is a rise through the offset.
    offset : float or array_like, optional
        Mean (n,).

    Raises
    ------
    ValueError
        If a value is not finite, or a frequency negative.

    Notes
    -----
    offset + amplitude sin(2 pi frequency t + phase), averaged over each step.

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import Sinusoid
    >>> wave = Sinusoid(amplitude=1.0, frequency=0.01, phase=[0.0, np.pi / 2])
    >>> wave.source(2, 0.1)(np.array([25.0])).round(3)
    array([[1., 0.]])
    """

    amplitude: Any
    frequency: Any
    phase: Any = 0.0
    offset: Any = 0.0

    def __post_init__(self) -> None:
        _freeze(self)
        given = self.frequency
        low = "must not be negative (kHz)"
        require(np.asarray(given) >= 0, "frequency", low, given)

    def source(self, n: int, dt: float, seed: Any = None) -> Callable:
        """Return the current of one run; see `Current.source`."""
        amplitude, frequency, phase, offset = _rows(self, n)
        mean = amplitude * np.sinc(frequency * dt)

        def means(t: np.ndarray) -> np.ndarray:
            angle = 2.0 * np.pi * (frequency * t[:, None]) + phase
            return _narrow(offset + mean * np.sin(angle))

        return means


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrnsteinUhlenbeck(Current):
    """Gaussian noise with an exponential autocorrelation: stationary coloured noise.

    Parameters
    ----------
    mean : float or array_like
        Mean (n,).
    sigma : float or array_like
        Stationary standard deviation (n,), not negative.
    tau : float
        Correlation time [ms].
    correlation : None, float or array_like, optional
        Correlation between neurons: None for independent ones, one coefficient for all
        pairs (1 is the same noise for all), or a matrix (n, n).
    rng : None, int, SeedSequence, Generator and the like, optional
        None for noise that is fresh in each simulation and set by its `rng`. Otherwise
        the noise is frozen: wherever this current is used with the same number of
        neurons and step, it is the same. ``noise.source(n, dt)(t)`` returns what acts in
        the steps with the middles t = (k + 0.5) dt, of shape (steps, n), or (steps,) where
        all neurons have the same.

    Raises
    ------
    ValueError
        If a value is not finite, `sigma` is negative, `tau` not positive, or
        `correlation` no correlation matrix.

    Notes
    -----
    <(I_i(t) - mean_i)(I_j(t + s) - mean_j)> = correlation_ij sigma_i sigma_j exp(-s/tau)
    for s >= 0. At steps of any size h the values are means over the steps with
    their exact joint distribution [1]_: given the ends x0 and x1 of a step in units of
    sigma, the mean is (x0 + x1) tanh(z/2)/z plus independent noise of variance
    2 (z - 2 tanh(z/2))/z^2, z = h/tau. For tau -> 0 the intensity of the noise is
    sigma sqrt(2 tau).

    References
    ----------
    .. [1] D. T. Gillespie, Phys. Rev. E 54, 2084 (1996), doi:10.1103/PhysRevE.54.2084

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import OrnsteinUhlenbeck
    >>> noise = OrnsteinUhlenbeck(mean=1.0, sigma=0.3, tau=5.0, correlation=1.0, rng=7)
    >>> t = np.arange(1000) + 0.5
    >>> bool(np.all(noise.source(10, 1.0)(t) == noise.source(10, 1.0)(t)))
    True
    """

    mean: Any
    sigma: Any
    tau: float
    correlation: Any = None
    rng: Any = None

    def __post_init__(self) -> None:
        _freeze(self, names=("mean", "sigma", "tau"))
        low = "must not be negative"
        require(np.asarray(self.sigma) >= 0, "sigma", low, self.sigma)
        if np.ndim(self.tau):
            raise ValueError(
                f"`tau` must be one number; got shape {np.shape(self.tau)}; add up "
                "currents for others"
            )
        require(self.tau > 0, "tau", "must be positive (ms)", self.tau)
        if self.correlation is not None:
            array = as_float("correlation", self.correlation).astype(np.float64)
            check_correlation(array)
            array.flags.writeable = False
            object.__setattr__(self, "correlation", array if array.ndim else array[()])
        if self.rng is not None and not isinstance(self.rng, np.random.SeedSequence):
            frozen = np.random.SeedSequence(new_key(self.rng))
            object.__setattr__(self, "rng", frozen)

    def source(self, n: int, dt: float, seed: Any = None) -> Callable:
        """Return the current of one run; see `Current.source`."""
        mean, sigma = _rows(self, n, names=("mean", "sigma"))
        columns, mix = mixture(self.correlation, n)
        root = seeds(seed if self.rng is None else self.rng)

        def blocks(size: int) -> Iterator[np.ndarray]:
            for block in _unit_means(root, dt / self.tau, size, columns):
                yield mean + sigma * mix(block)

        return Blocks(blocks, max(n, columns), dt)


def _unit_means(root: Any, z: float, size: int, columns: int) -> Iterator[np.ndarray]:
    """Yield means (size, columns) over steps of z = h/tau, for sigma = 1."""
    from scipy.signal import lfilter

    decay, kick = math.exp(-z), math.sqrt(-math.expm1(-2.0 * z))
    half = math.tanh(0.5 * z)
    rest = z - 2.0 * half if z > _SMALL else z**3 / 12.0 - z**5 / 120.0
    weight, spread = half / z, math.sqrt(2.0 * rest) / z
    g = np.random.default_rng(root)
    x = g.standard_normal((1, columns))
    while True:
        noise = kick * g.standard_normal((size, columns))
        ends, _ = lfilter([1.0], [1.0, -decay], noise, axis=0, zi=decay * x)
        starts = np.concatenate([x, ends[:-1]])
        x = ends[-1:]
        yield weight * (starts + ends) + spread * g.standard_normal((size, columns))


def _share(t: np.ndarray, dt: float, start: Any, stop: Any) -> np.ndarray:
    """Return the part (steps, n or 1) of each step that lies between start and stop."""
    begin = t[:, None] - 0.5 * dt
    return np.clip((stop - begin) / dt, 0.0, 1.0) - np.clip(
        (start - begin) / dt, 0.0, 1.0
    )


def _narrow(values: Any) -> np.ndarray:
    """Drop the axis of neurons where it is of length one."""
    return values[:, 0] if values.shape[1] == 1 else values


def _freeze(current: Any, names: Any = None, endless: tuple[str, ...] = ()) -> None:
    """Turn fields into finite floats or read-only arrays (n,)."""
    for name in names or [f.name for f in fields(current)]:
        array = as_float(name, getattr(current, name)).astype(np.float64)
        if array.ndim > 1:
            raise ValueError(
                f"`{name}` must be a number or of shape (n,); got shape {array.shape}"
            )
        good = np.isfinite(array) | (array == np.inf if name in endless else False)
        require(good, name, "must be finite", array)
        array.flags.writeable = False
        object.__setattr__(current, name, array if array.ndim else array.item())


def _in_order(start: Any, stop: Any) -> None:
    later = np.asarray(stop) > np.asarray(start)
    require(later, "stop", f"must be above `start`={start} (ms)", stop)


def _rows(current: Any, n: int, names: Any = None) -> list[np.ndarray]:
    """Return fields as arrays (1,) or (n,)."""
    found = []
    for name in names or [f.name for f in fields(current)]:
        array = np.atleast_1d(getattr(current, name))
        if array.shape not in ((1,), (n,)):
            raise ValueError(
                f"`{name}` must be a number or of shape (n,) = ({n},); got shape "
                f"{array.shape}"
            )
        found.append(array)
    return found
