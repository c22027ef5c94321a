"""Plasticity: spikes change weights, and are delivered with what they have changed.

In each step sources come first, then targets, both with the traces of the time before the
step's spikes; then the traces of those that fired jump, and all decay.
"""

import numpy as np

from .._jit import inlined, inner
from .deliver import edges_of
from .slots import BLOCK

__all__ = ["learn"]

ADDITIVE, MULTIPLICATIVE, BOUNDED = range(3)
(
    KIND, PRE, PRE_X, POST_X, LOW, HIGH, POWER, PRE_JUMP, PRE_DECAY, POST_JUMP,
    POST_DECAY,
) = range(11)  # fmt: skip
N_COEF = 11
_TINY = 1e-30  # of a trace, which is then 0: what is smaller yet is slow


@inlined
def _changed(w, change, rule):
    """Weight after a change, by the kind of the rule."""
    kind = rule[KIND]
    if kind == MULTIPLICATIVE:
        change *= w
    elif kind == BOUNDED:
        room = (rule[HIGH] - w if change > 0.0 else w) / rule[HIGH]
        change *= room ** rule[POWER]
    return min(max(w + change, rule[LOW]), rule[HIGH])


@inlined
def _from_source(net, q, source, k, part, whole):
    """Change and deliver the synapses of a source that fires in step k."""
    wires, plastic, receptors = net.wires, net.plastic, net.receptors
    j = plastic.projection[q]
    row, first, r = wires.first_row[j] + source, wires.first_edge[j], wires.receptor[j]
    e0, e1 = edges_of(wires, j, row, part, whole)
    w0, x0, rule = plastic.first_weight[q], plastic.first_post[q], plastic.rule[q]
    m, slots, base = receptors.lanes[r], receptors.slots[0], receptors.ring[r]
    d0, delay = wires.first_delay[j], wires.delay[j]
    for e in range(e0, e1):
        i = np.int64(wires.targets[first + e])
        change = rule[PRE] + rule[PRE_X] * plastic.x_post[x0 + i]
        w = _changed(plastic.weight[w0 + e], change, rule)
        plastic.weight[w0 + e] = w
        if d0 >= 0:
            delay = np.int64(wires.delays[d0 + e])
        slot = (k + 1 + delay) % slots
        receptors.arrivals[base + slot * m + i] += np.float32(w)


@inlined
def _at_target(plastic, q, target, part):
    """Change the synapses of a target that fires."""
    row, first = plastic.first_row[q] + target, plastic.first_in[q]
    w0, x0, rule = plastic.first_weight[q], plastic.first_pre[q], plastic.rule[q]
    x_pre = plastic.x_pre[part]
    for c in range(first + plastic.in_ptr[row], first + plastic.in_ptr[row + 1]):
        e = w0 + np.int64(plastic.in_edge[c])
        change = rule[POST_X] * x_pre[x0 + np.int64(plastic.in_source[c])]
        plastic.weight[e] = _changed(plastic.weight[e], change, rule)


@inner
def _fade(x, decay):
    for i in range(x.size):
        value = x[i] * decay
        x[i] = value if value > _TINY else 0.0


@inner
def _jump(net, lane, part, mine):
    """Raise the traces of a neuron that has fired."""
    cells, plastic = net.cells, net.plastic
    p = cells.population[lane // BLOCK]
    i = lane - cells.first[p]
    for at in range(plastic.of[p, 0], plastic.of[p, 1]):
        q = plastic.of_order[at]
        plastic.x_pre[part, plastic.first_pre[q] + i] += plastic.rule[q, PRE_JUMP]
    if mine:
        for at in range(plastic.into[p, 0], plastic.into[p, 1]):
            q = plastic.into_order[at]
            plastic.x_post[plastic.first_post[q] + i] += plastic.rule[q, POST_JUMP]


@inner
def _fade_all(net, part, a, b):
    """Let traces decay for a step: all of sources, and of targets in the lanes a to b."""
    plastic = net.plastic
    for q in range(plastic.projection.size):
        begin, end = plastic.first_pre[q], plastic.first_pre[q + 1]
        _fade(plastic.x_pre[part, begin:end], plastic.rule[q, PRE_DECAY])
        r = net.wires.receptor[plastic.projection[q]]
        shift = plastic.first_post[q] - net.receptors.first_lane[r]
        begin = max(plastic.first_post[q], a + shift)
        end = min(plastic.first_post[q + 1], b + shift)
        if end > begin:
            _fade(plastic.x_post[begin:end], plastic.rule[q, POST_DECAY])


@inner
def learn(net, box, team, total, part, k0, k1):
    """Go through the spikes of a chunk, in their order, for the targets of one part."""
    cells, plastic = net.cells, net.plastic
    if plastic.projection.size == 0:
        return
    a, b = team.blocks[part] * BLOCK, team.blocks[part + 1] * BLOCK
    whole = box.begins.size == 1
    o = 0
    for k in range(k0, k1):
        first = o
        while o < total and box.sorted_step[o] == k:
            lane = box.sorted_lane[o]
            p = cells.population[lane // BLOCK]
            for at in range(plastic.of[p, 0], plastic.of[p, 1]):
                q = plastic.of_order[at]
                _from_source(net, q, lane - cells.first[p], k, part, whole)
            o += 1
        for i in range(first, o):
            lane = box.sorted_lane[i]
            p = cells.population[lane // BLOCK]
            for at in range(plastic.into[p, 0], plastic.into[p, 1]):
                if a <= lane < b:
                    q = plastic.into_order[at]
                    _at_target(plastic, q, lane - cells.first[p], part)
        for i in range(first, o):
            lane = box.sorted_lane[i]
            _jump(net, lane, part, a <= lane < b)
        _fade_all(net, part, a, b)
