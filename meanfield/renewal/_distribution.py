"""The distribution of the intervals of a renewal process."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ..neurons import SpikeSource
from . import _counts, _sampling, _table
from ._formulas import hermite, hermite_integral

# How far the integral of a density may be from 1 before it is divided by it.
_NORMALIZATION = 1e-3


@dataclass(frozen=True, eq=False, kw_only=True)
class IntervalDistribution:
    """Inter-spike intervals of a renewal process: density on a grid, exponential tail.

    Parameters
    ----------
    step : float
        Spacing of the grid [ms].
    values : array_like
        Shape (n,), density [1/ms] at ``onset + k*step``, not negative.
    tail_rate : float
        From the last node on the density decays with this rate [1/ms].
    onset : float, optional
        No interval is shorter [ms]: the refractory period, and what else is empty.

    Raises
    ------
    ValueError
        If a number is out of range, or the integral is not within 1e-3 of 1.
    TypeError
        If an argument is not real numbers.

    Notes
    -----
    Between nodes the density is the cubic through values and slopes (differences of
    order 6, bounded where the cubic would be negative), divided by its integral; below
    `onset` it is 0, and it may jump there. Everything else (moments, quantiles, counts
    and samples) is exact for this density, to the accuracy stated there. A smooth
    density is represented to about (h/w)^4/100 of its maximum by a step h where its
    narrowest feature has the width w.

    Spike counts and spike trains are those of the stationary process: its first
    interval has the density survivor/mean [1]_.

    The class makes input for other parts, and distributions to compare them with;
    it is not a check of the theory or simulation that its density came from.

    References
    ----------
    .. [1] D. R. Cox, Renewal Theory, Methuen, London (1962)

    Examples
    --------
    A Poisson process with a dead time of 2 ms:

    >>> from meanfield.renewal import IntervalDistribution
    >>> intervals = IntervalDistribution(step=1.0, values=[0.1], tail_rate=0.1, onset=2.0)
    >>> intervals.mean, round(intervals.cv, 6)
    (12.0, 0.833333)
    >>> intervals.hazard([1.0, 5.0]).round(6)
    array([0. , 0.1])
    """

    step: float
    values: Any = field(repr=False)
    tail_rate: float
    onset: float = 0.0
    _grid: _table.Table = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, positive in (("step", True), ("tail_rate", True), ("onset", False)):
            given = as_float(name, getattr(self, name))
            number = float(given) if given.ndim == 0 else math.nan
            good = math.isfinite(number) and (number > 0 if positive else number >= 0)
            words = "finite and positive" if positive else "finite and not negative"
            require(good, name, f"must be one number, {words}", given)
            object.__setattr__(self, name, number)
        values = as_float("values", self.values).astype(np.float64)
        if values.ndim != 1 or values.size == 0:
            raise ValueError(
                f"`values` must have shape (n,), n > 0; got {values.shape}"
            )
        good = np.isfinite(values) & (values >= 0)
        require(good, "values", "must be finite and not negative (1/ms)", values)
        table, total = _table.build(self.step, values, self.tail_rate)
        condition = "must integrate to 1 with the tail, within 1e-3"
        remedy = "refine or lengthen the grid, or divide by the integral"
        good = abs(total - 1) <= _NORMALIZATION
        require(good, "values", condition, total, remedy)
        object.__setattr__(self, "values", table.values)
        object.__setattr__(self, "_grid", table)

    @cached_property
    def mean(self) -> float:
        """Mean interval [ms]."""
        return self.onset + self._grid.mean

    @cached_property
    def cv(self) -> float:
        """Coefficient of variation of the intervals."""
        return math.sqrt(self._grid.variance) / self.mean

    def density(self, t: npt.ArrayLike) -> Any:
        """Probability density of the interval.

        Parameters
        ----------
        t : array_like
            Time since the last spike [ms].

        Returns
        -------
        numpy.ndarray or float
            [1/ms], of the shape of `t`.

        Examples
        --------
        >>> from meanfield.renewal import first_passage
        >>> print(f"{first_passage(1.0, 1.0).density(40.0):.8f}")
        0.02462870
        """
        table = self._grid
        v, d, end = table.values, table.slopes, table.values[-1]
        return self._piecewise(
            t,
            0.0,
            lambda k, x: hermite(x, v[k], v[k + 1], d[k], d[k + 1]),
            lambda late: end * np.exp(-table.tail_rate * late),
        )

    def survivor(self, t: npt.ArrayLike) -> Any:
        """Probability that the interval is longer than `t`.

        Parameters
        ----------
        t : array_like
            Time since the last spike [ms].

        Returns
        -------
        numpy.ndarray or float
            In [0, 1], of the shape of `t`; also small values to many digits.

        Examples
        --------
        >>> from meanfield.renewal import first_passage
        >>> print(f"{first_passage(1.0, 1.0).survivor(40.0):.8f}")
        0.73558753
        """
        table = self._grid
        v, d, above, h = table.values, table.slopes, table.above, table.step

        def inside(k, x):
            # From the right end of the cell: a sum of positive terms.
            part = hermite_integral(1 - x, v[k + 1], v[k], -d[k + 1], -d[k])
            return above[k + 1] + h * part

        decay = table.tail_rate
        return self._piecewise(
            t, 1.0, inside, lambda late: above[-1] * np.exp(-decay * late)
        )

    def hazard(self, t: npt.ArrayLike) -> Any:
        """Rate of the next spike, given that there was none so far.

        Parameters
        ----------
        t : array_like
            Time since the last spike [ms].

        Returns
        -------
        numpy.ndarray or float
            density/survivor [1/ms], of the shape of `t`; `tail_rate` on the tail.

        Examples
        --------
        >>> from meanfield.renewal import first_passage
        >>> first_passage(1.0, 1.0).hazard([3.0, 40.0, 400.0]).round(6)
        array([0.      , 0.033482, 0.05    ])
        """
        time = as_float("t", t).astype(np.float64)
        density, survivor = self.density(time), self.survivor(time)
        # Nothing is left on the tail, numerically, or on a grid that ends in zeros.
        tail = (time - self.onset >= self._last) | (survivor <= 0)
        result = np.full(time.shape, self.tail_rate)
        return np.divide(density, survivor, out=result, where=~tail)[()]

    def quantile(self, p: npt.ArrayLike) -> Any:
        """Interval that is exceeded with probability 1 - p.

        Parameters
        ----------
        p : array_like
            Probability, in [0, 1].

        Returns
        -------
        numpy.ndarray or float
            [ms], of the shape of `p`; for 1 inf, or the end of the grid without a tail.

        Raises
        ------
        ValueError
            If a probability is outside [0, 1].

        Examples
        --------
        >>> from meanfield.renewal import first_passage
        >>> first_passage(1.0, 1.0).quantile([0.01, 0.5, 0.99]).round(3)
        array([ 24.5  ,  49.878, 129.476])
        """
        p = as_float("p", p)
        require((p >= 0) & (p <= 1), "p", "must be between 0 and 1", p)
        p = p.astype(np.float64)
        upper = p > 0.5
        return self._quantile(np.where(upper, 1 - p, p), upper)[()]

    def count_distribution(self, window: npt.ArrayLike) -> np.ndarray:
        """Distribution of the number of spikes in a window of the stationary process.

        Parameters
        ----------
        window : array_like
            Lengths of windows [ms], positive.

        Returns
        -------
        numpy.ndarray
            Probabilities of 0, 1, ... spikes along a last axis after those of `window`,
            padded with zeros to the longest.

        Raises
        ------
        ValueError
            If a window is not finite and positive.

        Notes
        -----
        The transform of P(N >= n) as a function of the window is phi^(n-1) (1 - phi)/
        (mean s^2) [3]_, with phi that of the interval; it is inverted by a Fourier series.
        Absolute error below 2e-9, given the density (measured, windows of 0.1 to 1e5 ms,
        CV from 0.01 to 1); what is below 1e-12 is set to 0.

        References
        ----------
        .. [3] D. R. Cox, Renewal Theory, Methuen, London (1962)

        Examples
        --------
        >>> from meanfield.renewal import first_passage
        >>> first_passage(1.0, 1.0).count_distribution(100.0)[:5].round(4)
        array([0.0159, 0.274 , 0.5816, 0.1273, 0.0011])
        """
        window = self._windows(window)
        found = [_counts.probabilities(self, w) for w in window.flat]
        longest = max((p.size for p in found), default=0)
        result = np.zeros((window.size, longest))
        for row, p in zip(result, found, strict=True):
            row[: p.size] = p
        return result.reshape(*window.shape, longest)

    def fano_factor(self, window: npt.ArrayLike) -> Any:
        """Variance over mean of the number of spikes in a window.

        Parameters
        ----------
        window : array_like
            Lengths of windows [ms], positive.

        Returns
        -------
        numpy.ndarray or float
            Of the shape of `window`: 1 for short windows, CV^2 for long ones.

        Raises
        ------
        ValueError
            If a window is not finite and positive.

        Notes
        -----
        As for `count_distribution`, from the transform 2 phi/((1 - phi) mean s^2) of
        E[N (N - 1)]. Absolute error about 1e-8 (measured, as there).

        Examples
        --------
        >>> from meanfield.renewal import first_passage
        >>> first_passage(1.0, 1.0).fano_factor([1.0, 100.0, 10000.0]).round(4)
        array([0.9818, 0.2404, 0.1618])
        """
        window = self._windows(window)
        found = [_counts.fano(self, w) for w in window.flat]
        return np.reshape(found, window.shape)[()]

    def sample(
        self, shape: Any = (), *, rng: Any = None, threads: int | None = None
    ) -> Any:
        """Draw independent intervals.

        Parameters
        ----------
        shape : int or tuple of int, optional
            Shape of the result.
        rng : None, int, SeedSequence, Generator and the like, optional
            Randomness (SPEC 7): whatever `numpy.random.default_rng` takes.
        threads : int, optional
            At most so many threads, by default all cores; the result is the same.

        Returns
        -------
        numpy.ndarray or float
            Intervals [ms].

        Notes
        -----
        Inversion of a uniform number of 53 bits, a hash (splitmix64 [2]_) of a key and
        the place in the result. In each 128th of an octave of the probability below or
        above, the interval is a cubic of that probability, off by less than 1e-9 of it
        (checked in every cell; those that fail are inverted by Newton's method). This
        includes the tail, whose survivor is exponential to 1e-10. The longest interval
        that can occur is the one exceeded with probability 2^-54.

        References
        ----------
        .. [2] G. L. Steele, D. Lea, C. H. Flood, Proc. OOPSLA 453 (2014),
           doi:10.1145/2660193.2660195

        Examples
        --------
        >>> from meanfield.renewal import first_passage
        >>> first_passage(1.0, 1.0).sample(3, rng=1).shape
        (3,)
        """
        out = np.empty(shape)
        _sampling.fill(out.reshape(-1), self._sampler, rng, threads)
        return out[()]

    def spike_trains(
        self,
        n: int,
        duration: float,
        *,
        rng: Any = None,
        threads: int | None = None,
    ) -> SpikeSource:
        """Draw independent spike trains of the stationary renewal process.

        Parameters
        ----------
        n : int
            Number of trains.
        duration : float
            Length [ms].
        rng, threads
            As for `sample`.

        Returns
        -------
        SpikeSource
            Times [ms] in [0, duration), train by train, each in order.

        Raises
        ------
        ValueError
            If `n` is not a positive integer or `duration` is not finite and positive.

        Notes
        -----
        The first spike comes after an equilibrium interval, of density survivor/mean,
        all others after an interval as in `sample`.

        Examples
        --------
        >>> from meanfield.renewal import first_passage
        >>> trains = first_passage(1.0, 1.0).spike_trains(1000, 1000.0, rng=1)
        >>> bool(abs(trains.times.size / 1e6 - 0.018237) < 0.0003)
        True
        """
        require(int(n) == n and n > 0, "n", "must be a positive integer", n)
        good = math.isfinite(duration) and duration > 0
        require(good, "duration", "must be finite and positive (ms)", duration)
        counts, times = _sampling.trains(self, int(n), float(duration), rng, threads)
        return SpikeSource(
            n=int(n), times=times, sources=np.repeat(np.arange(int(n)), counts)
        )

    @staticmethod
    def _windows(window: npt.ArrayLike) -> np.ndarray:
        window = as_float("window", window).astype(np.float64)
        good = np.isfinite(window) & (window > 0)
        require(good, "window", "must be finite and positive (ms)", window)
        return window

    @property
    def _last(self) -> float:
        return (self._grid.values.size - 1) * self.step

    def _piecewise(self, t: npt.ArrayLike, before, inside, after) -> Any:
        """Constant before the onset, function of cell and place, and of time after."""
        time = as_float("t", t).astype(np.float64) - self.onset
        result = np.full(time.shape, np.nan)
        result[time < 0] = before
        late = time >= self._last
        result[late] = after(time[late] - self._last)
        cells = (time >= 0) & ~late
        place = time[cells] / self.step
        k = np.minimum(place.astype(np.int64), self._grid.values.size - 2)
        result[cells] = inside(k, place - k)
        return result[()]

    def _quantile(self, p: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Interval with probability p below, or above where `upper`."""
        from . import _kernels  # numba is imported on the first call

        flat = np.ascontiguousarray(p).reshape(-1)
        out = np.empty(flat.size)
        _kernels.quantiles(flat, np.ravel(upper), out, *self._grid[:6])
        return out.reshape(p.shape) + self.onset

    @cached_property
    def _sampler(self) -> _sampling.Sampler:
        return _sampling.build(self)

    @cached_property
    def _equilibrium(self) -> "IntervalDistribution":
        """Time from any moment to the next spike, given that it is after the onset."""
        values = self._grid.above / self._grid.mean
        return IntervalDistribution(
            step=self.step, values=values, tail_rate=self.tail_rate, onset=self.onset
        )

    @cached_property
    def _envelope(self) -> tuple[np.ndarray, np.ndarray]:
        return _counts.envelope(self)
