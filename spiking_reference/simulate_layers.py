"""The entry for layers of neurons."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from meanfield.neurons import as_float, require

from .arguments import check_threads, new_key, number
from .engine import available_threads, drain
from .inputs import GaussianInput, PoissonInput
from .layer_results import LayeredResult, LayerMoments
from .layers import Layer
from .progress import progress_bar

__all__ = ["simulate_layers"]

COVARIANCES = ("diagonal", "full", None)
# Batches behind a standard error, where there are so many windows; whole runs where
# there are so many trials.
_BATCHES = 32


def simulate_layers(
    layers: Sequence[Layer | tuple],
    inputs: PoissonInput | GaussianInput,
    *,
    duration: float,
    dt: float = 0.1,
    warmup: float = 0.0,
    trials: int = 1,
    readouts: npt.ArrayLike | None = None,
    window: float | None = None,
    covariance: str | None = "diagonal",
    rng: Any = None,
    threads: int | None = None,
    progress: bool | None = None,
) -> LayeredResult:
    """Simulate layers of leaky integrate-and-fire neurons that feed one another.

    Parameters
    ----------
    layers : sequence of Layer
        From the first to the last; each takes the spikes of the one before. A tuple is
        taken for the arguments of `Layer`: `meanfield.nn.convert` returns such.
    inputs : PoissonInput or GaussianInput
        What the first layer takes, for each of `batch` inputs.
    duration : float
        Observed time [ms], after the warm-up.
    dt : float, optional
        Step [ms], below every tau_m. All times are rounded to whole steps.
    warmup : float, optional
        Time [ms] simulated before and discarded. Neurons start at V_reset, not
        refractory.
    trials : int, optional
        Independent runs of each input.
    readouts : array_like, optional
        Times [ms] from the end of the warm-up, increasing, at which the counts of the
        last layer are kept; by default `duration`.
    window : float, optional
        Length [ms] of the consecutive windows behind rates and covariances; by default
        `duration`. What is left behind the last whole one is not used for them.
    covariance : {"diagonal", "full", None}
        Variances of the counts, their covariances, or neither. "full" keeps
        4 batch n^2 numbers for each layer of n.
    rng : None, int, SeedSequence, Generator and the like, optional
        Randomness (SPEC 7): whatever `numpy.random.default_rng` takes.
    threads : int, optional
        Threads to use; by default all cores. Results do not depend on it.
    progress : bool, optional
        Show a progress bar; by default in a terminal, after two seconds.

    Returns
    -------
    LayeredResult
        Counts of the last layer, and rates and covariances of all.

    Raises
    ------
    TypeError, ValueError
        With the name, the condition and the value of what is wrong.

    Notes
    -----
    Membranes move exactly through each step; within it, neurons with white noise meet
    the threshold by the "bridge" scheme of `simulate`, the others by the exact time of
    passage, and restart off the grid. Spikes of a step arrive at its end, one after the
    other with a threshold test for each, and reach the next layer in the same step. This
    rounds input spikes to the nearest grid point, in their order; it leaves no bias of
    first order in dt unless t_ref < dt/2, where up to dt/8 of input is lost in each
    interval (see the theory page on simulation, with measurements). Neurons driven by
    noise and drift alone are as exact as those of `simulate`.

    One run costs about sum(n)/dt updates per ms, and each spike one for each of its
    targets. Correlated noise (a `GaussianInput`) costs n^2 per step in the first layer.

    Each run has its own streams of random numbers, keyed by `rng` and its place
    (input, trial): results depend neither on threads nor on the order of the work.

    Examples
    --------
    >>> import numpy as np
    >>> from spiking_reference import Layer, PoissonInput, simulate_layers
    >>> weights = np.random.default_rng(0).normal(0.3, 1.0, (3, 20, 20))
    >>> layers = [Layer(w, mu=0.5) for w in weights]
    >>> inputs = PoissonInput(np.full((2, 20), 0.1))
    >>> run = simulate_layers(layers, inputs, duration=200.0, trials=5, rng=1)
    >>> run.counts.shape
    (2, 5, 1, 20)
    >>> run.layers[0].rate.value.shape
    (2, 20)
    """
    from .layer_jobs import LayeredPlan

    layers = _check_layers(layers, inputs)
    duration, dt, warmup = (
        number(name, value)
        for name, value in (("duration", duration), ("dt", dt), ("warmup", warmup))
    )
    require(dt > 0, "dt", "must be positive (ms)", dt)
    for layer in layers:
        tau_m = np.min(layer.neuron.tau_m)
        require(dt < tau_m, "dt", f"must be below tau_m={tau_m} (ms)", dt)
    require(duration >= dt, "duration", f"must be at least dt={dt} (ms)", duration)
    require(warmup >= 0, "warmup", "must not be negative (ms)", warmup)
    steps = round(duration / dt)
    length = steps if window is None else _window_steps(window, dt, duration)
    number_of_trials = _check_trials(trials)
    windows = steps // length
    whole = windows if number_of_trials >= _BATCHES else max(1, windows // _BATCHES)
    if covariance not in COVARIANCES:
        raise ValueError(
            f"`covariance` must be one of {COVARIANCES}; got {covariance!r}"
        )
    plan = LayeredPlan(
        layers=layers,
        inputs=inputs,
        trials=number_of_trials,
        dt=dt,
        warmup=round(warmup / dt),
        steps=steps,
        window=length,
        readouts=_readout_steps(readouts, dt, duration),
        per_batch=whole,
        batches=windows // whole,
        covariance=covariance,
        key=new_key(rng),
    )
    return _execute(plan, check_threads(threads) or available_threads(), progress)


def _execute(plan: Any, threads: int, progress: bool | None) -> LayeredResult:
    from .layer_jobs import jobs_of

    batch, shape = plan.inputs.shape[0], (plan.readouts.size, plan.sizes[-1])
    none = plan.counts()
    counts = np.zeros((batch, plan.trials, *shape), dtype=np.int64)
    sums = np.zeros((batch, *none.sums.shape))
    pairs = np.zeros((batch, *none.pair_sums.shape))
    bar = progress_bar(batch * plan.trials, progress, "run")

    def report(job: Any, done: int) -> None:
        bar.update(done)
        if job.done:
            counts[job.input, job.trials] = job.out
            sums[job.input] += job.counts.sums
            pairs[job.input] += job.counts.pair_sums

    with bar:
        drain(jobs_of(plan), threads, report)
    return LayeredResult(
        counts=counts,
        readouts=plan.readouts * plan.dt,
        layers=tuple(_moments(plan, sums, pairs)),
    )


def _moments(plan: Any, sums: np.ndarray, pairs: np.ndarray) -> list[LayerMoments]:
    found, first, begin = [], 0, 0
    for n in plan.sizes:
        square = None
        if plan.covariance == "full":
            square = pairs[:, :, begin : begin + n * n].reshape(-1, 4, n, n)
        found.append(
            LayerMoments(
                sums=sums[:, first : first + n],
                pair_sums=square,
                covariance=plan.covariance,
                window=plan.window * plan.dt,
                batches=plan.batches * plan.trials,
                per_batch=plan.per_batch,
            )
        )
        first, begin = first + n, begin + n * n
    return found


def _check_layers(layers: Any, inputs: Any) -> list[Layer]:
    if isinstance(layers, Layer):
        raise TypeError("`layers` must be a sequence of Layer; got one; pass [layer]")
    layers = [Layer(*v) if isinstance(v, tuple) else v for v in layers]
    for i, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            kind = type(layer).__name__
            raise TypeError(f"`layers` must be Layers; got {kind} at index {i}")
    if not layers:
        raise ValueError("`layers` must not be empty; got none")
    if not isinstance(inputs, PoissonInput | GaussianInput):
        raise TypeError(
            "`inputs` must be a PoissonInput or a GaussianInput; got "
            f"{type(inputs).__name__}"
        )
    sources = inputs.shape[1]
    for i, layer in enumerate(layers):
        if layer.n_in != sources:
            raise ValueError(
                f"`weights` of layer {i} must have a column for each of its {sources} "
                f"sources; got shape {np.shape(layer.weights)}; weights are (n_out, n_in)"
            )
        sources = layer.n_out
    return layers


def _check_trials(trials: Any) -> int:
    if isinstance(trials, bool) or not isinstance(trials, int | np.integer):
        raise TypeError(f"`trials` must be an integer; got {trials!r}")
    require(trials >= 1, "trials", "must be at least 1", trials)
    return int(trials)


def _window_steps(window: Any, dt: float, duration: float) -> int:
    window = number("window", window)
    fits = f"must be from dt={dt} to the duration {duration} (ms)"
    require(dt <= window <= duration, "window", fits, window)
    return round(window / dt)


def _readout_steps(readouts: Any, dt: float, duration: float) -> np.ndarray:
    times = as_float("readouts", duration if readouts is None else readouts)
    times = np.atleast_1d(times).astype(np.float64)
    if times.ndim != 1 or times.size == 0:
        raise ValueError(f"`readouts` must be a list of times; got shape {times.shape}")
    fits = f"must be from dt={dt} to the duration {duration} (ms)"
    require((times >= dt) & (times <= duration), "readouts", fits, times)
    steps = np.rint(times / dt).astype(np.int64)
    apart = np.diff(steps, prepend=0) > 0
    require(apart, "readouts", f"must increase by dt={dt} (ms) or more", times)
    return steps
