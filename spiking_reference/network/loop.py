"""The time loop of networks, once; compiled for the models that a network has.

Blocks of neurons are taken through as many steps as the shortest delay spans, one block
after the other; then the spikes of all blocks are delivered, in their order. Neither the
order of sums nor that of random numbers depends on how blocks are shared among threads.
"""

from functools import cache
from importlib import import_module
from types import FunctionType
from typing import Any

import numpy as np

from .._jit import inlined, inner, kernel
from ..atomic import meet
from ..lanes import draw
from .deliver import count, deliver, replay, sort
from .learn import learn
from .poisson import add_counts, bits
from .receptors import receive
from .slots import (
    BLOCK,
    CURRENT,
    DRIVE,
    JUMP,
    KEEPS,
    NORMAL,
    NORMALS,
    UNIFORM,
    UNIFORMS,
)

__all__ = ["run_for"]

_TO_UNIT = 2.0**-32


@inner
def _draw_normals(cells, box, a, n, k):
    """Fill in the normals of a step: they are drawn for two steps at a time."""
    normal, spare = box.X[NORMAL], cells.spare[a : a + n]
    if k & 1:
        for l in range(n):
            normal[l] = spare[l]
        return
    for i in range(4):
        for l in range(n):
            box.words[i, l] = cells.words[i, a + l]
    draw(box.words, box.z, n)
    for i in range(4):
        for l in range(n):
            cells.words[i, a + l] = box.words[i, l]
    for l in range(n):
        normal[l] = box.z[0, l]
        spare[l] = box.z[1, l]


@inner
def _draw_uniforms(cells, box, a, n):
    uniform = box.X[UNIFORM]
    bits(cells.words, a, n, box.raw)
    for l in range(n):
        uniform[l] = (box.raw[l] + 0.5) * _TO_UNIT


@inner
def _take_poisson(net, box, p, a, n, k):
    """Take in the Poisson spikes of a step; they arrive at its end."""
    inputs, receptors = net.inputs, net.receptors
    for e in range(inputs.range[p, 0], inputs.range[p, 1]):
        r = inputs.receptor[e]
        m, place = receptors.lanes[r], a - receptors.first_lane[r]
        begins = receptors.ring[r] + ((k + 1) % receptors.slots[0]) * m + place
        arrived = receptors.arrivals[begins : begins + n]
        for _ in range(inputs.parts[e]):
            bits(net.cells.words, a, n, box.raw)
            add_counts(inputs, e, place, box.raw[:n], box.found[:n], arrived)


@inlined
def _begin(net, box, p, a, n, k):
    """Set the inputs of a step to zero, and take in currents from outside."""
    for i in range(CURRENT, DRIVE + 1):
        box.X[i, :n] = 0.0
    box.X[JUMP, :n] = 0.0
    inputs = net.inputs
    columns = inputs.columns[p]
    if columns > 0:
        current = box.X[CURRENT]
        begins = inputs.first_current[p] + (k - inputs.at[0]) * columns
        if columns > 1:
            begins += a - net.cells.first[p]
        for l in range(n):
            current[l] = inputs.current[begins + (l if columns > 1 else 0)]


@inner
def _keep_jumps(cells, box, a, n):
    """Put off the jumps that meet the refractory period to its end."""
    jump, pending = box.X[JUMP], cells.pending[a : a + n]
    for l in range(n):
        total = pending[l] + jump[l]
        free = cells.wait[a + l] == 0
        jump[l] = total if free else 0.0
        pending[l] = 0.0 if free else total


@inner
def _note(net, box, step, lane, p, a, n, k):
    """Write down the spikes of a step."""
    counted = k >= box.clock[0]
    eights = box.spiked.view(np.uint64)  # most are 0
    for w in range((n + 7) // 8):
        if eights[w] == 0:
            continue
        for l in range(8 * w, min(8 * w + 8, n)):
            for _ in range(box.spiked[l]):
                i = box.used[0]
                step[i], lane[i] = k, a + l
                box.used[0] = i + 1
                box.rate[p, k - net.inputs.at[0]] += 1
                if counted:
                    count(box, a + l, k)


@inner
def _watch(net, box, p, a, n, k):
    """Keep the state, at the end of the step, of the lanes that are watched."""
    cells, receptors = net.cells, net.receptors
    if (k + 1) % box.clock[1] != 0:
        return
    i = (k + 1) // box.clock[1] - box.clock[2]
    for l in range(n):
        row = box.row[a + l]
        if row >= 0 and 0 <= i < box.trace.shape[2]:
            at = cells.S.shape[0]
            for v in range(at):
                box.trace[row, v, i] = cells.S[v, a + l]
            for r in range(receptors.range[p, 0], receptors.range[p, 1]):
                place = receptors.state[r] + a + l - receptors.first_lane[r]
                box.trace[row, at, i] = receptors.g[place]
                at += 1


def advance_block(net, box, steps, lanes, b, k0, k1):
    """Take block b through the steps k0 to k1; `step` is the model's."""
    cells, receptors = net.cells, net.receptors
    p, n, a = cells.population[b], cells.size[b], b * BLOCK
    L, q, flags = cells.row[b], cells.first_par[b], cells.flags[b]
    r0, r1 = receptors.range[p, 0], receptors.range[p, 1]
    poisson = net.inputs.range[p, 1] > net.inputs.range[p, 0]
    held, spiked = cells.wait[a : a + n], box.spiked
    n_ref = cells.n_ref[a : a + n]
    for k in range(k0, k1):
        _begin(net, box, p, a, n, k)
        if poisson:
            _take_poisson(net, box, p, a, n, k)
        for r in range(r0, r1):
            receive(receptors, r, k, a, n, box.X, cells.S)
        if flags & NORMALS:
            _draw_normals(cells, box, a, n, k)
        if flags & UNIFORMS:
            _draw_uniforms(cells, box, a, n)
        if flags & KEEPS:
            _keep_jumps(cells, box, a, n)
        step(cells.S, a, n, cells.par, q, L, box.X, held, spiked)  # type: ignore # noqa: F821
        total = 0
        for l in range(n):
            held[l] = n_ref[l] if spiked[l] > 0 else max(held[l] - 1, 0)
            total += spiked[l]
        if total > 0:
            _note(net, box, steps, lanes, p, a, n, k)
        if box.watched[b]:
            _watch(net, box, p, a, n, k)


def choose(kind, net, box, steps, lanes, b, k0, k1):
    """Go on to the model number `kind`."""
    if kind == 0:
        head(net, box, steps, lanes, b, k0, k1)  # type: ignore # noqa: F821
    else:
        tail(kind - 1, net, box, steps, lanes, b, k0, k1)  # type: ignore # noqa: F821


def last(kind, net, box, steps, lanes, b, k0, k1):
    """Go on to the last of the models."""
    head(net, box, steps, lanes, b, k0, k1)  # type: ignore # noqa: F821


def run(net, box, team, part, k0, k1, chunk):
    """Advance one part of the blocks, and deliver to it, `chunk` steps at a time.

    It returns the step that it got to: less than k1 where a part may not have room for
    the spikes of one more chunk.
    """
    steps, lanes = team.step[part], team.lane[part]
    parts, k, turn, full = box.begins.size, k0, 0, False
    meetings = 0
    while k < k1 and not full:
        until = min(k + chunk, k1)
        if part == 0:
            replay(net, box, steps, lanes, k, until)
        for b in range(team.blocks[part], team.blocks[part + 1]):
            kind = net.cells.kind[b]
            advance_one(kind, net, box, steps, lanes, b, k, until)  # type: ignore # noqa: F821
        team.ends[turn, part] = box.used[0]
        meetings += parts
        if parts > 1:
            meet(team.counter, meetings)
        total = sort(box, team, turn, k, until)
        deliver(net, box, total, part)
        learn(net, box, team, total, part, k, until)
        for p in range(parts):
            box.begins[p] = team.ends[turn, p]
            full |= team.ends[turn, p] + team.room[p] > team.step.shape[1]
        k, turn = until, 1 - turn
    return k


def _specialized(function: FunctionType, name: str, **names: Any) -> FunctionType:
    """Return the function with other globals; its name tells numba's cache them apart."""
    found = FunctionType(function.__code__, {**function.__globals__, **names})
    found.__qualname__ = f"{function.__qualname__}_{name}"
    found.__module__ = function.__module__
    return found


@cache
def run_for(models: tuple[str, ...]) -> Any:
    """Compile the loop for models, by the names of their modules in `models`."""
    chain = None
    for i in range(len(models) - 1, -1, -1):
        module = import_module(f"..models.{models[i]}", __package__)
        block = inner(_specialized(advance_block, models[i], step=module.step))
        name = "_".join(models[i:])
        names = {"head": block} if chain is None else {"head": block, "tail": chain}
        chain = inner(_specialized(last if chain is None else choose, name, **names))
    return kernel(_specialized(run, "_".join(models), advance_one=chain))
