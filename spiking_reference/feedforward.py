"""Time loop of layers of neurons that pass their spikes on: one run after the other.

Every step of length dt is made layer by layer. First the membranes move exactly through
the step (flow), restarts within it included; then the spikes that the layer below sent
in this step arrive at its end, one after the other in the order of their times, each
with a threshold test of its own. Input spikes are in effect rounded to the nearest grid
point, which biases nothing to first order in dt:

* a spike that arrives at time s of its step acts at the step's end, but counts as one
  at s + dt/2 where it meets the refractory period, and so does the spike it sets off;
* a spike in the flow has the time of its passage, and passes on half a step later.

Neurons flow side by side (SIMD); one is looked at alone only when it may have met the
threshold or ends its refractory period in the step.
"""

from typing import NamedTuple

import numpy as np

from ._jit import inlined, inner, kernel
from .loops import TINY_ROOM
from .models.lif import DECAY, DRIFT, Neurons, fill_step
from .normals import Normals, begin, pop
from .passages import enter, passage, restart
from .streams import exponential, normal, seed, uniform
from .window_counts import close_window, restart_counts

__all__ = ["Drive", "Mail", "Network", "Run", "Schedule", "advance_runs", "fill_rows"]

# Streams of runs are numbered from here, far from those that `seed` gives to neurons,
# groups and probes; their normals likewise.
_FIRST_RUN = 1 << 62
_FIRST_NORMALS = 1 << 53


class Network(NamedTuple):
    """Layers of neurons, one behind the other in flat arrays.

    neurons: parameters; first (layers + 1,): number of each layer's first neuron;
    offset (layers,): of each layer's weights in `weights`, where those of one source
    lie together; noisy (layers,): 1 for layers with white noise; table: rows of step
    coefficients and one to write on; decay, drift, scale: columns of it; clear: V - V_th
    below which a whole step, begun and ended there, has not met the threshold.
    """

    neurons: Neurons
    first: np.ndarray
    offset: np.ndarray
    weights: np.ndarray
    noisy: np.ndarray
    table: np.ndarray
    decay: np.ndarray
    drift: np.ndarray
    scale: np.ndarray
    clear: np.ndarray


class Drive(NamedTuple):
    """What one input does to the first layer.

    gap: mean time between Poisson spikes [ms], inf for none; cumulative (sources,):
    up to 1, in proportion to the rates; guide (sources,): the first source that
    i/sources can mean; factor (rank, n): turns normals into the correlated noise of a
    step [mV], empty where the noise is independent; normals (rank,): to write on.
    """

    gap: float
    cumulative: np.ndarray
    guide: np.ndarray
    factor: np.ndarray
    normals: np.ndarray


class Schedule(NamedTuple):
    """Step [ms], and numbers of steps: warm-up, all, window, and readouts (sorted)."""

    dt: float
    warmup: int
    end: int
    window: int
    readouts: np.ndarray


class Mail(NamedTuple):
    """Spikes of one step on the way between layers, in two boxes used by turns.

    source, time (2, capacity); used (2,); lost (1,): spikes that found no room.
    """

    source: np.ndarray
    time: np.ndarray
    used: np.ndarray
    lost: np.ndarray


class Run(NamedTuple):
    """Where the running run stands; the first four over all neurons.

    x: V - V_th [mV]; release: end of the last refractory period [ms from the start];
    noise: of the step [mV], 0 for ever without; marked: to be looked at alone; rng (2,):
    stream of uniforms; normals: in stock; arrival (1,): time of the next Poisson spike
    [ms]; at (3,): run, step and readout that are next.
    """

    x: np.ndarray
    release: np.ndarray
    noise: np.ndarray
    marked: np.ndarray
    rng: np.ndarray
    normals: Normals
    arrival: np.ndarray
    at: np.ndarray


@kernel
def fill_rows(neurons, table, dt):
    """Fill in the coefficients of a whole step of each neuron."""
    for j in range(neurons.tau.size):
        tau, leak = neurons.tau[j], neurons.leak[j]
        fill_step(table, j, tau, leak, neurons.mu[j], neurons.sigma[j], dt)


@inlined
def _spike(counts, mail, box, j, source, time):
    """Count a spike of neuron j and put it into the box, if there is one."""
    counts.counted[j] += 1.0
    counts.total[j] += 1
    if box >= 0:
        n = mail.used[box]
        if n < mail.source.shape[1]:
            mail.source[box, n] = source
            mail.time[box, n] = time
            mail.used[box] = n + 1
        else:
            mail.lost[0] += 1


@inner
def _sort(mail, box):
    """Sort a box by time; it holds few spikes, nearly in order."""
    time, source = mail.time[box], mail.source[box]
    for i in range(1, mail.used[box]):
        t, s = time[i], source[i]
        k = i
        while k > 0 and time[k - 1] > t:
            time[k], source[k] = time[k - 1], source[k - 1]
            k -= 1
        time[k], source[k] = t, s


@inlined
def _flow(net, run, counts, mail, box, a, j, span, noise):
    """Take neuron j through a step, restarts included (see `passages`)."""
    neurons, table = net.neurons, net.table
    start, end, room = span
    x, release = run.x[j], run.release[j]
    i, start, noise = enter(
        neurons, j, table, start, end, release, room, noise, run.rng
    )
    if i < 0:
        return
    while True:
        x1 = table[i, DECAY] * x + table[i, DRIFT] + noise
        passed = passage(neurons, j, x, x1, table, i, run.rng)
        if passed < 0.0:
            run.x[j] = x1
            return
        t = start + passed
        _spike(counts, mail, box, j, j - a, t)
        release, x = t + neurons.t_ref[j], neurons.reset[j]
        run.release[j], run.x[j] = release, x
        if release >= end - room:
            return
        noise = restart(neurons, j, table, x1, t, release, end, run.rng)
        i, start = table.shape[0] - 1, release


@inlined
def _draw_noise(net, drive, run, l, a, b):
    """Draw the white noise of a step of layer l."""
    noise, scale = run.noise[a:b], net.scale[a:b]
    if l > 0 or drive.factor.shape[0] == 0:
        for i in range(b - a):
            if scale[i] > 0.0:
                noise[i] = scale[i] * pop(run.normals)
        return
    # Normals first: drawing them between the rows would keep the rows from SIMD.
    for k in range(drive.normals.size):
        drive.normals[k] = pop(run.normals)
    for i in range(b):
        noise[i] = 0.0
    for k in range(drive.normals.size):
        z, row = drive.normals[k], drive.factor[k]
        for i in range(b):
            noise[i] += row[i] * z


@inlined
def _flow_all(net, run, counts, mail, box, a, b, span):
    """Take the neurons a to b through a step, side by side where nothing happens."""
    x, release, noise = run.x[a:b], run.release[a:b], run.noise[a:b]
    decay, drift, clear = net.decay[a:b], net.drift[a:b], net.clear[a:b]
    marked = run.marked[a:b]
    start, end, _ = span
    look = False
    for i in range(b - a):
        v = decay[i] * x[i] + drift[i] + noise[i]
        held = release[i] > start
        near = (x[i] >= clear[i]) | (v >= clear[i])
        x[i] = x[i] if held | near else v
        mark = (near & (not held)) | (held & (release[i] < end))
        marked[i] = mark
        look |= mark
    if look:
        for j in range(a, b):
            if run.marked[j]:
                _flow(net, run, counts, mail, box, a, j, span, run.noise[j])


@inner
def _fire(net, run, counts, mail, box, a, b, time, span):
    """Let those of the neurons a to b fire that an input spike took to threshold."""
    start, end, _ = span
    t = time + 0.5 * (end - start)
    for j in range(a, b):
        if run.x[j] >= 0.0:
            _spike(counts, mail, box, j, j - a, time)
            run.x[j] = net.neurons.reset[j]
            run.release[j] = t + net.neurons.t_ref[j]
            if run.release[j] < end:
                noise = net.scale[j]
                if noise > 0.0:
                    noise *= normal(run.rng)
                _flow(net, run, counts, mail, box, a, j, span, noise)


@inlined
def _receive(net, run, counts, mail, box, l, source, time, span):
    """Give layer l the spike of one of its sources at `time` within the step."""
    a, b = net.first[l], net.first[l + 1]
    x, release = run.x[a:b], run.release[a:b]
    begins = net.offset[l] + source * (b - a)
    column = net.weights[begins : begins + b - a]
    t = time + 0.5 * (span[1] - span[0])
    fires = False
    for i in range(b - a):
        v = x[i] + (column[i] if release[i] <= t else 0.0)
        x[i] = v
        fires |= v >= 0.0
    if fires:
        _fire(net, run, counts, mail, box, a, b, time, span)


@inlined
def _choose(drive, rng):
    """Draw the source of a Poisson spike: invert the cumulative rates."""
    u = uniform(rng)
    j = drive.guide[np.int64(u * drive.guide.size)]
    while drive.cumulative[j] <= u:
        j += 1
    return j


@inlined
def _layer_step(net, drive, run, counts, mail, l, span):
    a, b = net.first[l], net.first[l + 1]
    box = l & 1 if l + 2 < net.first.size else -1
    if box >= 0:
        mail.used[box] = 0
    if net.noisy[l]:
        _draw_noise(net, drive, run, l, a, b)
    _flow_all(net, run, counts, mail, box, a, b, span)
    if l == 0:
        while run.arrival[0] < span[1]:
            source = _choose(drive, run.rng)
            _receive(net, run, counts, mail, box, l, source, run.arrival[0], span)
            run.arrival[0] += drive.gap * exponential(run.rng)
    else:
        full = 1 - (l & 1)
        for i in range(mail.used[full]):
            source, time = mail.source[full, i], mail.time[full, i]
            _receive(net, run, counts, mail, box, l, source, time, span)
    if box >= 0:
        _sort(mail, box)


@inner
def _begin(net, drive, run, key, first):
    """Begin the next run: all neurons at reset, not refractory."""
    number = first + run.at[0]
    seed(run.rng, key, _FIRST_RUN + number)
    begin(run.normals, key, _FIRST_NORMALS + number)
    for j in range(run.x.size):
        run.x[j] = net.neurons.reset[j]
        run.release[j] = -np.inf
    run.arrival[0] = np.inf
    if drive.gap < np.inf:
        run.arrival[0] = drive.gap * exponential(run.rng)


@inner
def _look(net, run, counts, schedule, out):
    """Do what is due at the end of a step: warm-up, windows, readouts."""
    step = run.at[1] - schedule.warmup
    if step <= 0:
        if step == 0:
            restart_counts(counts)
        return
    if step % schedule.window == 0:
        close_window(counts, net.first)
    last = net.first[net.first.size - 2]
    while run.at[2] < schedule.readouts.size:
        if schedule.readouts[run.at[2]] != step:
            break
        for i in range(out.shape[2]):
            out[run.at[0], run.at[2], i] = counts.total[last + i]
        run.at[2] += 1


@kernel
def advance_runs(net, drive, run, counts, mail, schedule, key, first, out, budget):
    """Go on with runs number `first` and following, for `budget` neuron-steps.

    `out` (runs, readouts, n): counts of the last layer. Returns what is left of the
    budget; all runs are done once ``run.at[0]`` is their number.
    """
    dt = schedule.dt
    n = net.first[net.first.size - 1]
    while run.at[0] < out.shape[0] and budget > 0:
        if run.at[1] == 0:
            _begin(net, drive, run, key, first)
            if schedule.warmup == 0:
                restart_counts(counts)
        while run.at[1] < schedule.end and budget > 0:
            budget -= n
            k = run.at[1]
            span = (k * dt, (k + 1) * dt, TINY_ROOM * dt)
            for l in range(net.first.size - 1):
                _layer_step(net, drive, run, counts, mail, l, span)
            run.at[1] = k + 1
            _look(net, run, counts, schedule, out)
        if run.at[1] == schedule.end:
            run.at[0] += 1
            run.at[1:] = 0
    return budget
