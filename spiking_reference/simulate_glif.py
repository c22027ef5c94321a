"""The entry for GLIF neurons under given currents."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from meanfield.neurons import GLIF, as_float, require

from .arguments import check_threads, number
from .engine import available_threads, drain
from .progress import progress_bar
from .record import Record
from .results import SpikeTrains

__all__ = ["GLIFResult", "simulate_glif"]

_LARGEST = 1e9  # current [pA]; bounds of the voltage stay finite

VARIABLES = ("V", "theta_s", "theta_v", "I_1", "I_2")
SCHEMES = ("exact", "euler")
_STEPS = 1 << 21  # of a job between reports
_SPIKES = 1 << 14  # that a job has room for between reports


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GLIFResult:
    """The outcome of `simulate_glif`.

    Parameters
    ----------
    spikes : SpikeTrains
        All spikes.
    dt : float
        Length of a sample [ms].
    t : numpy.ndarray or None
        Times (samples,) [ms] of the traces.
    neurons : numpy.ndarray
        Flat index of the neuron of each row of the traces.
    traces : mapping of str to numpy.ndarray
        "V" and "theta" [mV], "I_1" and "I_2" [pA] where there are such, each of shape
        (rows, samples).
    """

    spikes: SpikeTrains
    dt: float
    t: np.ndarray | None
    neurons: np.ndarray
    traces: Mapping[str, np.ndarray]

    @property
    def counts(self) -> np.ndarray:
        """Spikes (n,) of each neuron."""
        return np.bincount(self.spikes.neurons, minlength=self.spikes.n_neurons)

    @property
    def rates(self) -> np.ndarray:
        """Rate (n,) of each neuron [kHz]."""
        return self.counts / (self.spikes.t_stop - self.spikes.t_start)


def simulate_glif(
    neuron: GLIF,
    current: npt.ArrayLike,
    *,
    dt: float,
    scheme: str = "exact",
    initial: Mapping[str, Any] | None = None,
    record: Record | None = None,
    threads: int | None = None,
    progress: bool | None = None,
) -> GLIFResult:
    """Simulate GLIF neurons under given currents.

    Parameters
    ----------
    neuron : GLIF
        Parameters, numbers or arrays (n,).
    current : array_like
        Currents (steps,) or (n, steps) [pA]; sample k lasts from k dt to (k + 1) dt.
        Those of networks give theirs as ``noise.source(n, dt)(t).T``, with the middles
        t = (k + 0.5) dt of samples.
    dt : float
        Length of a sample [ms].
    scheme : {"exact", "euler"}, optional
        Closed forms with spikes at their times, or what the AllenSDK does.
    initial : mapping of str to float or array_like, optional
        State at the start, numbers or arrays (n,): "V" (at E_L unless given), "theta_s",
        "theta_v" [mV], "I_1", "I_2" [pA] (0 unless given).
    record : Record, optional
        Neurons whose traces are kept (as ``voltage``), at every so many grid points of
        some span, which bounds their memory. Spikes are kept of all.
    threads : int, optional
        Threads to use; by default all cores. Results do not depend on it.
    progress : bool, optional
        Show a progress bar; by default in a terminal, after two seconds.

    Returns
    -------
    GLIFResult
        Spikes and traces.

    Raises
    ------
    TypeError, ValueError
        With the name, the condition and the value of what is wrong; also where a reset
        does not take V below the threshold.

    Notes
    -----
    "exact" moves all variables by closed forms. V - theta stays below its chord plus
    h^2/8 times a bound on its curvature, computed from the state: only where that leaves
    room for a crossing within a sample of length h is it looked for, by steps to the root
    of a parabola that lies above V - theta. They cannot pass a crossing, not even the
    first of two; a maximum within 1e-12 mV of the threshold counts as one. The times of
    spikes, and the ends of refractory periods, are not bound to samples.

    "euler" is forward Euler for V, the closed form for theta under the current of the
    sample's beginning, and a test at the end of each sample, where the spike is [1]_: each
    spike comes dt/2 late on average, which adds up. The refractory period is rounded to
    whole samples.

    While refractory, traces show V at its reset, and the others decaying.

    References
    ----------
    .. [1] C. Teeter et al., Nat. Commun. 9, 709 (2018),
       doi:10.1038/s41467-017-02717-4; Allen Software Development Kit, `GlifNeuron`

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield.neurons import GLIF
    >>> from spiking_reference import simulate_glif
    >>> neuron = GLIF(C_m=100.0, g_L=5.0, V_th=-50.5, E_L=-75.5, t_ref=2.0)
    >>> run = simulate_glif(neuron, np.full(1000, 250.0), dt=0.1)
    >>> run.spikes.times.round(3)  # after 20 ln 2 ms, and again after 2 ms and as much
    array([13.863, 29.726, 45.589, 61.452, 77.315, 93.178])
    """
    from . import glif

    if not isinstance(neuron, GLIF):
        raise TypeError(f"`neuron` must be a GLIF; got {type(neuron).__name__}")
    if scheme not in SCHEMES:
        raise ValueError(f"`scheme` must be one of {SCHEMES}; got {scheme!r}")
    if not isinstance(record, Record | None):
        raise TypeError(f"`record` must be a Record; got {type(record).__name__}")
    dt = number("dt", dt)
    require(dt > 0, "dt", "must be positive (ms)", dt)
    currents, n = _checked_currents(neuron, current)
    par = np.broadcast_to(
        glif.constants(neuron).reshape(glif.N_PAR, -1), (glif.N_PAR, n)
    ).T.copy()
    if scheme == "euler":
        stable = np.asarray(dt) * par[:, glif.LEAK] < 1.0
        require(stable, "dt", "must be below C_m/g_L with scheme='euler' (ms)", dt)
        par[:, glif.T_REF] = dt * np.rint(par[:, glif.T_REF] / dt)
    steps = currents.shape[1]
    plan = _Plan(dt, scheme == "exact", steps, record or Record(), n)
    states = _states(neuron, initial or {}, par, n)
    rows = dict(zip(plan.neurons.tolist(), range(plan.neurons.size), strict=True))
    trace = np.empty((plan.neurons.size, 4, plan.t.size))
    nothing = np.empty((4, 0))
    jobs = [
        _Job(
            plan,
            currents[i],
            par[i],
            states[i],
            trace[rows[i]] if i in rows else nothing,
        )
        for i in range(n)
    ]
    workers = check_threads(threads) or available_threads()
    with progress_bar(n * steps, progress, "sample") as bar:
        drain(iter(jobs), min(workers, n), lambda _, count: bar.update(count))
    E_L = np.broadcast_to(neuron.E_L, n)
    for i, job in enumerate(jobs):
        job.complain(i, E_L[i])
    return _result(neuron, plan, jobs, trace, E_L)


class _Plan:
    """What is common to all neurons."""

    def __init__(self, dt: float, exact: bool, steps: int, record: Record, n: int):
        self.dt, self.exact, self.steps = dt, exact, steps
        # A span may end at the last sample, whose time is rounded.
        duration = steps * dt
        if record.t_stop is not None and abs(record.t_stop - duration) < 1e-9 * dt:
            record = replace(record, t_stop=duration)
        record.check(n, duration, 0.0)
        start, stop = record.span(duration)
        self.neurons, self.every = record.voltage_of(n), int(record.every)
        self.first = max(1, int(np.ceil(start / dt - 1e-9)))
        last = int(np.floor(stop / dt + 1e-9))
        self.t = dt * np.arange(self.first, last + 1, self.every)
        if not self.neurons.size:
            self.t = self.t[:0]


class _Job:
    """One neuron; a call takes it a part of its way."""

    def __init__(self, plan, current, par, state, trace):
        from . import glif, glif_loop

        self.loop, self.plan, self.current = glif_loop, plan, current
        self.par, self.state, self.trace = par, state, trace
        self.moves = np.zeros((2, glif.N_COEF))
        self.clock = np.zeros(glif_loop.N_CLOCK, dtype=np.int64)
        self.clock[-2:] = plan.first, plan.every
        self.times: list[np.ndarray] = []
        self.sample, self.offset = np.empty(0, dtype=np.int64), np.empty(0)
        self.done = 0
        glif_loop.prepare(par, plan.dt, plan.exact, self.moves)

    def __call__(self) -> tuple[bool, int]:
        """Return whether it is finished, and how many samples were taken."""
        loop, plan, clock = self.loop, self.plan, self.clock
        if self.sample.size == 0:
            room = min(_SPIKES, plan.steps)
            self.sample, self.offset = np.zeros(room, dtype=np.int64), np.zeros(room)
        stop = min(plan.steps, int(clock[loop.NEXT]) + _STEPS)
        clock[loop.USED] = 0
        loop.run(
            self.current, stop, self.par, plan.dt, plan.exact, self.moves, self.state,
            clock, self.sample, self.offset, self.trace,
        )  # fmt: skip
        k = clock[loop.USED]
        self.times.append(self.sample[:k] * plan.dt + self.offset[:k])
        reached = min(int(clock[loop.NEXT]), plan.steps)
        taken, self.done = reached - self.done, reached
        finished = reached == plan.steps or clock[loop.STATUS] != 0
        if finished:
            self.sample, self.offset = self.sample[:0].copy(), self.offset[:0].copy()
        return bool(finished), taken

    def complain(self, i: int, E_L: float) -> None:
        """Raise an error if a reset failed."""
        if self.clock[self.loop.STATUS] == self.loop.BAD_RESET:
            t, v, theta = self.state[-3:]
            raise ValueError(
                f"neuron {i} fired at {t:.6g} ms and would be at V={E_L + v:.6g} mV after "
                f"its refractory period, not below its threshold of {E_L + theta:.6g} mV; "
                "lower `voltage_reset_fraction` or `voltage_reset_add`, or raise "
                "`th_spike_add`"
            )


def _checked_currents(neuron: GLIF, current: Any) -> tuple[np.ndarray, int]:
    """Return currents (n, steps), rows of one array where there is one for all."""
    array = as_float("current", current).astype(np.float64, copy=False)
    if array.ndim not in (1, 2) or array.size == 0:
        raise ValueError(
            f"`current` must have shape (steps,) or (n, steps); got {array.shape}"
        )
    usable = np.abs(array) <= _LARGEST
    require(usable, "current", f"must be at most {_LARGEST:g} pA in size", array)
    array = np.ascontiguousarray(array)
    try:
        (n,) = np.broadcast_shapes(neuron.shape, array.shape[:-1], (1,))
    except ValueError as error:
        raise ValueError(
            f"`current` must have shape (steps,) or (n, steps) for neurons of shape "
            f"{neuron.shape}; got {array.shape}"
        ) from error
    return np.broadcast_to(array, (n, array.shape[-1])), n


def _states(neuron: GLIF, initial: Mapping, par: np.ndarray, n: int) -> np.ndarray:
    """Return the state (n, N_STATE) at the start."""
    from .glif import GAP
    from .glif_loop import N_STATE

    found = np.zeros((n, N_STATE))
    for name, value in initial.items():
        if name not in VARIABLES:
            raise ValueError(f"`initial` must be of {VARIABLES}; got {name!r}")
        array = as_float(f"initial {name}", value)
        require(np.isfinite(array), f"initial {name}", "must be finite", array)
        if array.shape not in ((), (n,)):
            raise ValueError(
                f"`initial` {name} must be a number or of shape ({n},); got shape "
                f"{array.shape}"
            )
        rest = neuron.E_L if name == "V" else 0.0
        found[:, VARIABLES.index(name)] = array - rest
    above = found[:, 0] - (par[:, GAP] + found[:, 1] + found[:, 2])
    V = found[:, 0] + neuron.E_L
    require(above < 0.0, "initial V", "must be below the threshold (mV)", V)
    return found


def _result(neuron: GLIF, plan: _Plan, jobs: list, trace: np.ndarray, E_L: np.ndarray):
    times = [np.concatenate([np.empty(0), *job.times]) for job in jobs]
    spikes = SpikeTrains(
        times=np.concatenate(times),
        neurons=np.repeat(np.arange(len(jobs)), [t.size for t in times]),
        t_start=0.0,
        t_stop=plan.steps * plan.dt,
        n_neurons=len(jobs),
    )
    names = ("V", "theta", "I_1", "I_2")
    currents = 0 if neuron.asc_amps is None else len(neuron.asc_amps)
    trace[:, :2] += E_L[plan.neurons, None, None]
    traces = {name: trace[:, i] for i, name in enumerate(names[: 2 + currents])}
    recorded = plan.neurons.size > 0
    return GLIFResult(
        spikes=spikes,
        dt=plan.dt,
        t=plan.t if recorded else None,
        neurons=plan.neurons,
        traces=traces if recorded else {},
    )
