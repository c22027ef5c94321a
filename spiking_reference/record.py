"""What a simulation is asked to write down."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from meanfield.neurons import require

if TYPE_CHECKING:
    from .plan import Plan

__all__ = ["Record"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """Neurons whose spikes or voltages are kept, and in which span of time.

    Parameters
    ----------
    spikes, voltage : None, True, int or array_like of int, optional
        Neurons by flat index (as in ``rate.value.ravel()``); True for all.
    t_start, t_stop : float, optional
        Span [ms] from the end of the warm-up; negative times lie in it. By default the
        whole duration.
    every : int, optional
        Voltages are kept at every so many grid points n dt.

    Notes
    -----
    Recording does not change a simulation: what a voltage needs beyond what the bridge
    scheme computes is drawn from a stream of its own.

    Examples
    --------
    >>> from meanfield import LIF
    >>> from spiking_reference import WhiteNoise, simulate
    >>> drive = WhiteNoise(mu=[1.2, 2.5], sigma=0.0)
    >>> record = Record(spikes=True, voltage=[0], t_stop=50.0)
    >>> run = simulate(LIF(), drive, duration=100.0, dt=0.5, record=record)
    >>> run.spikes.of(1).round(3)
    array([10.217, 25.433, 40.65 ])
    >>> run.voltage.V.shape
    (1, 100)
    """

    spikes: Any = None
    voltage: Any = None
    t_start: float = 0.0
    t_stop: float | None = None
    every: int = 1

    def check(self, n: int, duration: float, warmup: float) -> None:
        """Raise a clear error unless this can be recorded from `n` neurons."""
        for name in ("spikes", "voltage"):
            chosen = _choose(name, getattr(self, name), n)
            inside = (chosen >= 0) & (chosen < n)
            require(inside, f"record.{name}", f"must be flat indices below {n}", chosen)
        start, stop = self.span(duration)
        span = f"must lie between -warmup={-warmup} and t_stop={stop} (ms)"
        require(-warmup <= start < stop, "record.t_start", span, start)
        late = f"must be at most the duration, {duration} (ms)"
        require(stop <= duration, "record.t_stop", late, stop)
        whole = float(self.every).is_integer() and self.every >= 1
        require(whole, "record.every", "must be a positive integer", self.every)

    def span(self, duration: float) -> tuple[float, float]:
        """Start and stop [ms]."""
        stop = duration if self.t_stop is None else float(self.t_stop)
        return float(self.t_start), stop

    def wants_spikes(self, n: int, block: slice) -> npt.NDArray[np.bool_]:
        """Which neurons of a block have their spikes kept."""
        chosen = _choose("spikes", self.spikes, n)
        wanted = np.zeros(block.stop - block.start, dtype=np.bool_)
        inside = (chosen >= block.start) & (chosen < block.stop)
        wanted[chosen[inside] - block.start] = True
        return wanted

    def spikes_of(self, n: int) -> npt.NDArray[np.int64]:
        """Return the neurons whose spikes are kept."""
        return np.unique(_choose("spikes", self.spikes, n))

    def voltage_of(self, n: int) -> npt.NDArray[np.int64]:
        """Return the neurons whose voltage is kept."""
        return np.unique(_choose("voltage", self.voltage, n))

    def grid(self, plan: "Plan") -> tuple[int, int]:
        """First grid point that is kept, and the distance to the next."""
        first = np.ceil((self.span(plan.duration)[0] + plan.warmup) / plan.dt - 1e-9)
        return max(1, int(first)), int(self.every)

    def sample_times(self, plan: "Plan") -> npt.NDArray[np.float64]:
        """Return the times of the grid points that are kept [ms]."""
        if self.voltage is None:
            return np.empty(0)
        first, every = self.grid(plan)
        last = (self.span(plan.duration)[1] + plan.warmup) / plan.dt + 1e-9
        steps = np.arange(first, int(last) + 1, every, dtype=np.float64)
        return steps * plan.dt - plan.warmup


def _choose(name: str, given: Any, n: int) -> npt.NDArray[np.int64]:
    if given is None or given is False:
        return np.empty(0, dtype=np.int64)
    if given is True:
        return np.arange(n)
    chosen = np.atleast_1d(np.asarray(given))
    if chosen.size and chosen.dtype.kind not in "iu":
        raise TypeError(
            f"`record.{name}` must be None, True or integers; got {given!r:.60}"
        )
    return chosen.astype(np.int64).ravel()
