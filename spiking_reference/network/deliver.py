"""Delivery of spikes: each adds its weights to what will arrive at its targets."""

import numpy as np

from .._jit import inlined, inner, kernel
from ..prefetch import prefetch
from .slots import BLOCK

_AHEAD = 3  # spikes whose rows are on the way
_LINE = 32  # targets to a line of memory, at least

__all__ = ["count", "deliver", "replay", "sort", "split_rows"]


@inlined
def _add_to(arrived, chosen, weight):
    """Add the weight at chosen places; eight are read before any is written."""
    whole = chosen.size - chosen.size % 8
    for e in range(0, whole, 8):
        a, b, c, d = chosen[e], chosen[e + 1], chosen[e + 2], chosen[e + 3]
        f, g, h, i = chosen[e + 4], chosen[e + 5], chosen[e + 6], chosen[e + 7]
        arrived[a] += weight
        arrived[b] += weight
        arrived[c] += weight
        arrived[d] += weight
        arrived[f] += weight
        arrived[g] += weight
        arrived[h] += weight
        arrived[i] += weight
    for e in range(whole, chosen.size):
        arrived[chosen[e]] += weight


@inlined
def _row(net, j, k, e0, e1):
    """Deliver the edges e0 to e1 of projection j, for a spike in step k."""
    wires, receptors = net.wires, net.receptors
    r = wires.receptor[j]
    m, slots, base = receptors.lanes[r], receptors.slots[0], receptors.ring[r]
    targets, arrivals = wires.targets, receptors.arrivals
    w0, d0 = wires.first_weight[j], wires.first_delay[j]
    first = wires.first_edge[j]
    if d0 < 0:
        begins = base + ((k + 1 + wires.delay[j]) % slots) * m
        arrived, chosen = arrivals[begins : begins + m], targets[e0:e1]
        if w0 < 0:
            _add_to(arrived, chosen, wires.weight[j])
        else:
            weights = wires.weights[w0 + e0 - first : w0 + e1 - first]
            for e in range(chosen.size):
                arrived[chosen[e]] += weights[e]
        return
    for e in range(e0, e1):
        slot = (k + 1 + np.int64(wires.delays[d0 + e - first])) % slots
        weight = wires.weight[j] if w0 < 0 else wires.weights[w0 + e - first]
        arrivals[base + slot * m + np.int64(targets[e])] += weight


@inner
def sort(box, team, turn, k0, k1):
    """Order the spikes of a chunk by step, then lane; return how many they are.

    What arrives together is then written together, and sums do not depend on parts.
    """
    starts = box.starts
    starts[: k1 - k0 + 1] = 0
    for p in range(box.begins.size):
        for i in range(box.begins[p], team.ends[turn, p]):
            starts[team.step[p, i] - k0 + 1] += 1
    for k in range(k1 - k0):
        starts[k + 1] += starts[k]
    total = starts[k1 - k0]
    for p in range(box.begins.size):
        for i in range(box.begins[p], team.ends[turn, p]):
            k = team.step[p, i] - k0
            box.sorted_step[starts[k]] = team.step[p, i]
            box.sorted_lane[starts[k]] = team.lane[p, i]
            starts[k] += 1
    return total


@inlined
def edges_of(wires, j, row, part, whole):
    """Where the edges of a row to the targets of one part begin and end."""
    if whole:
        return wires.indptr[row + j], wires.indptr[row + j + 1]
    return wires.split[part, row], wires.split[part + 1, row]


@inlined
def _announce(net, lane, part, whole):
    """Have the rows of a source brought from memory."""
    wires, cells = net.wires, net.cells
    p = cells.population[lane // BLOCK]
    source = lane - cells.first[p]
    for at in range(wires.of[p, 0], wires.of[p, 1]):
        j = wires.order[at]
        row, first = wires.first_row[j] + source, wires.first_edge[j]
        e0, e1 = edges_of(wires, j, row, part, whole)
        for e in range(e0, e1, _LINE):
            prefetch(wires.targets, first + e)  # type: ignore


@inner
def deliver(net, box, total, part):
    """Deliver the spikes of a chunk, in their order, to the targets of one part."""
    wires, cells = net.wires, net.cells
    if wires.order.size == 0:
        return
    whole = box.begins.size == 1
    for o in range(total):
        lane, k = box.sorted_lane[o], box.sorted_step[o]
        if o + _AHEAD < total:
            _announce(net, box.sorted_lane[o + _AHEAD], part, whole)
        p = cells.population[lane // BLOCK]
        source = lane - cells.first[p]
        for at in range(wires.of[p, 0], wires.of[p, 1]):
            j = wires.order[at]
            row, first = wires.first_row[j] + source, wires.first_edge[j]
            e0, e1 = edges_of(wires, j, row, part, whole)
            if e1 > e0:
                _row(net, j, k, first + e0, first + e1)


@kernel
def split_rows(wires, j, rows, bounds, split):
    """Find where in each row of projection j the targets reach each of `bounds`."""
    first_row, first = wires.first_row[j], wires.first_edge[j]
    for i in range(rows):
        e, end = wires.indptr[first_row + i + j], wires.indptr[first_row + i + j + 1]
        for part in range(bounds.size):
            while e < end and wires.targets[first + e] < bounds[part]:
                e += 1
            split[part, first_row + i] = e


@inlined
def count(box, lane, k):
    """Add a spike to the moments of its neuron."""
    row = box.moments[lane]
    if box.last[lane] >= 0:
        interval = float(k - box.last[lane])
        row[1] += 1.0
        row[2] += interval
        row[3] += interval * interval
    box.last[lane] = k
    row[0] += 1.0


@inner
def replay(net, box, step, lane, k0, k1):
    """Put the given spikes of the steps k0 to k1 among those of the first part."""
    inputs, cells = net.inputs, net.cells
    while inputs.next[0] < inputs.spike_step.size:
        i = inputs.next[0]
        k = inputs.spike_step[i]
        if k >= k1:
            return
        n = box.used[0]
        source = inputs.spike_lane[i]
        step[n], lane[n] = k, source
        box.used[0] = n + 1
        box.rate[cells.population[source // BLOCK], k - inputs.at[0]] += 1
        if k >= box.clock[0]:
            count(box, source, k)
        inputs.next[0] = i + 1
