"""The one public entry of the package."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from meanfield.neurons import LIF, as_float, require

from .arguments import check_threads, new_key, number
from .engine import execute
from .inputs import WhiteNoise
from .plan import SCHEMES, Plan
from .record import Record
from .results import SimulationResult

__all__ = ["simulate"]

_SHORTEST_WINDOW = 10.0  # ms, of the default series
_DEFAULT_WINDOW_BYTES = 3 << 27  # what the default series may take: 400 MB
_WINDOW_BYTES = 40


def simulate(
    neuron: LIF,
    drive: WhiteNoise,
    *,
    duration: float,
    dt: float,
    warmup: float = 0.0,
    rng: Any = None,
    scheme: str = "bridge",
    count_windows: npt.ArrayLike | None = None,
    record: Record | None = None,
    threads: int | None = None,
    progress: bool = False,
) -> SimulationResult:
    """Simulate leaky integrate-and-fire neurons driven by white noise.

    Parameters
    ----------
    neuron : LIF
        Parameters; arrays broadcast with the drive. ``tau_m=inf`` is the perfect
        integrator.
    drive : WhiteNoise
        The input; arrays broadcast with the neuron.
    duration : float
        Observed time [ms], after the warm-up.
    dt : float
        Base step [ms], below tau_m; the accuracy below is for dt <= tau_m/20.
    warmup : float, optional
        Time [ms] simulated before and discarded. Neurons start at V_reset, so the
        stationary state needs some.
    rng : None, int, SeedSequence, Generator and the like, optional
        Randomness (SPEC 7): whatever `numpy.random.default_rng` takes.
    scheme : {"bridge", "grid", "euler"}
        See the notes.
    count_windows : array_like, optional
        Lengths [ms] of the windows for spike-count statistics. By default a 1-2-5
        series from 10 ms to a tenth of the duration, and fewer (the longest ones) where
        that would take more than 400 MB.
    record : Record, optional
        Spikes and voltages to keep; nothing by default.
    threads : int, optional
        Threads to use; by default all cores. Results do not depend on it.
    progress : bool, optional
        Show a progress bar.

    Returns
    -------
    SimulationResult
        Estimates with standard errors, shaped like neuron and drive broadcast together.

    Raises
    ------
    TypeError, ValueError
        With the name, the condition and the value of what is wrong.

    Notes
    -----
    dV = (-(V - E_L)/tau_m + mu) dt + sigma dW below threshold, a spike at V_th, then
    t_ref at V_reset. Neurons start at V_reset, not refractory.

    "bridge" (unbiased): exact Ornstein-Uhlenbeck steps; whether V met the threshold
    between the ends of a step is decided by the crossing probability of a Brownian
    bridge with a correction for the curvature of the transformed threshold, the time of
    the crossing is drawn from its distribution, and the neuron restarts at that time
    plus t_ref, off the grid (see `spiking_reference.models.lif`). Far from threshold
    steps of 2 dt, 4 dt, ... are made, up to 0.4 tau_m, as long as their mean path ends
    3.5 standard deviations below it. Bias of rate and CV: none found at 0.05 to 0.1 % on 28
    points at dt = 0.1 and 1 ms (docs/benchmarks/bias.md). A constant current
    (sigma = 0) is solved in closed form.

    "grid" and "euler" test the threshold at grid points only, after an exact and an
    Euler-Maruyama step: what NEST's and Brian2's integrators do. Their rates are low by
    about 0.58 sigma sqrt(dt) of threshold, 1 to 14 % at dt = 0.1 ms [1]_. Spike times
    are grid points, t_ref is rounded to whole steps, in which V is held at V_reset;
    duration and warm-up are rounded likewise. Voltages are float32 where a step's noise
    is far above its rounding, else float64.

    Correlated neurons (`drive.correlation`) share a grid of step dt and the noise of
    each step; bridges cross independently given that noise. Single-neuron statistics
    are unaffected. Covariances lose coincidences below dt: with correlation 0.3 no
    change was found between dt = 0.05 and 1 ms (to 4 %, windows of 10 and 100 ms); for
    identical noise, the worst case, the count correlation in windows of 100 ms at
    mu = 0.8, sigma = 1 is 0.972, 0.945 and 0.887 instead of 1 at dt = 0.05, 0.2 and
    1 ms, and 0.883, 0.829 and 0.707 at mu = 1.5. Each group of n costs n^2 a step.

    Streams of random numbers belong to neurons (or groups), keyed by `rng` and their
    place in the result: the numbers do not depend on threads, blocks or recording. The
    normals of steps have 24-bit uniforms behind them and end at 5.8 SD.

    Errors assume independent intervals. Those of SD, CV and skewness rest on fourth and
    sixth moments: a tenth too small at 200 intervals (CV), a quarter at 1000
    (skewness). See `SimulationResult` for which intervals are counted.

    References
    ----------
    .. [1] M. Broadie, P. Glasserman, S. Kou, Math. Finance 7, 325 (1997),
       doi:10.1111/1467-9965.00035

    Examples
    --------
    >>> from meanfield import LIF
    >>> from spiking_reference import WhiteNoise, simulate
    >>> drive = WhiteNoise(mu=[0.8, 1.5], sigma=1.0)
    >>> run = simulate(LIF(), drive, duration=20000.0, dt=0.5, warmup=200.0, rng=1)
    >>> bool((abs(run.rate.value - [0.008733, 0.038172]) < 4 * run.rate.stderr).all())
    True
    """
    if not isinstance(neuron, LIF):
        raise TypeError(f"`neuron` must be a LIF; got {type(neuron).__name__}")
    if not isinstance(drive, WhiteNoise):
        raise TypeError(f"`drive` must be a WhiteNoise; got {type(drive).__name__}")
    if scheme not in SCHEMES:
        raise ValueError(f"`scheme` must be one of {SCHEMES}; got {scheme!r}")
    try:
        shape = np.broadcast_shapes(neuron.shape, drive.shape)
    except ValueError:
        raise ValueError(
            f"`neuron` and `drive` must broadcast; got shapes {neuron.shape} and "
            f"{drive.shape}"
        ) from None
    duration, dt, warmup = _check_times(neuron, scheme, duration, dt, warmup)
    plan = Plan(
        neuron=neuron,
        drive=drive,
        shape=shape,
        duration=duration,
        dt=dt,
        warmup=warmup,
        scheme=scheme,
        key=new_key(rng),
        windows=(),
        record=_check_record(record),
    )
    plan.record.check(plan.n_neurons, duration, warmup)
    if drive.correlation is not None:
        drive.correlation_matrices(shape)
    plan = replace(plan, windows=_windows(plan, count_windows))
    return execute(plan, threads=check_threads(threads), progress=progress)


def _check_record(record: Record | None) -> Record:
    if record is not None and not isinstance(record, Record):
        raise TypeError(
            f"`record` must be a Record or None; got {type(record).__name__}; "
            "for all spikes pass Record(spikes=True)"
        )
    return record or Record()


def _check_times(
    neuron: LIF, scheme: str, duration: Any, dt: Any, warmup: Any
) -> tuple[float, float, float]:
    duration, dt = number("duration", duration), number("dt", dt)
    warmup = number("warmup", warmup)
    require(dt > 0, "dt", "must be positive (ms)", dt)
    require(duration >= dt, "duration", f"must be at least dt={dt} (ms)", duration)
    require(warmup >= 0, "warmup", "must not be negative (ms)", warmup)
    tau_m = np.min(neuron.tau_m, initial=np.inf)
    coarse = f"must be below tau_m={tau_m} (ms)"
    require(dt < tau_m, "dt", coarse, dt, "use a shorter step")
    if scheme == "bridge":
        return duration, dt, warmup
    t_ref = np.asarray(neuron.t_ref)
    require(
        (t_ref == 0) | (t_ref > 0.5 * dt),
        "t_ref",
        f"must be 0 or more than half a step of dt={dt} (ms) in a clocked scheme, "
        "which rounds it to whole steps",
        t_ref,
        "use a shorter step",
    )
    return round(duration / dt) * dt, dt, round(warmup / dt) * dt


def _windows(plan: Plan, given: npt.ArrayLike | None) -> tuple[float, ...]:
    if given is not None:
        lengths = np.atleast_1d(as_float("count_windows", given)).astype(np.float64)
        return tuple(sorted({plan.check_window(w) for w in lengths.ravel()}))
    series = [
        m * 10.0**e
        for e in range(1, 20)
        for m in (1, 2, 5)
        if _SHORTEST_WINDOW <= m * 10.0**e <= 0.1 * plan.duration
    ]
    size = _WINDOW_BYTES
    if plan.drive.correlation is not None:
        series = [w for w in series if w >= plan.dt]
        size = 64 * 8 * (plan.shape[-1] + 1)
    room = _DEFAULT_WINDOW_BYTES // (size * max(plan.n_neurons, 1))
    return tuple(series[max(0, len(series) - room) :]) if room else ()
