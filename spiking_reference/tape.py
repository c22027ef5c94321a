"""What kernels write down on request: spike times and voltages."""

from typing import NamedTuple

import numpy as np

from ._jit import inlined

__all__ = ["CAPACITY", "MARGIN", "Probe", "Tape", "has_room", "sample", "write"]

CAPACITY = 1 << 16  # entries of a tape; the engine empties it between calls
MARGIN = 1 << 14  # free entries that a loop may count on between two looks


class Tape(NamedTuple):
    """Spikes of the neurons that are wanted, within a span of time.

    times [ms], who: entries; used (1,): their number; wanted: by neuron of the block;
    span (2,): start and stop [ms] from the end of the warm-up.
    """

    times: np.ndarray
    who: np.ndarray
    used: np.ndarray
    wanted: np.ndarray
    span: np.ndarray


@inlined
def has_room(tape):
    """Whether MARGIN entries more can be written."""
    return tape.used[0] + MARGIN <= tape.times.size


@inlined
def write(tape, j, t):
    """Write down a spike of neuron j of the block at t, if it is wanted."""
    if tape.wanted[j] and tape.span[0] <= t < tape.span[1]:
        i = tape.used[0]
        tape.times[i] = t
        tape.who[i] = j
        tape.used[0] = i + 1


class Probe(NamedTuple):
    """Voltages of some neurons on the grid n dt.

    row (n,): a neuron's row in V, -1 for none; V (rows, samples) [mV] of the whole run;
    first, every: grid points first, first + every, ... are sampled; V_th (n,) [mV];
    rng (n, 2): streams of its own, so that looking changes nothing.
    """

    row: np.ndarray
    V: np.ndarray
    first: int
    every: int
    V_th: np.ndarray
    rng: np.ndarray


@inlined
def sample(probe, j, n, x):
    """Store V = V_th + x of neuron j at grid point n, if it is to be sampled."""
    row = probe.row[j]
    if row < 0 or n < probe.first:
        return
    i, rest = divmod(n - probe.first, probe.every)
    if rest == 0 and i < probe.V.shape[1]:
        probe.V[row, i] = probe.V_th[j] + x
