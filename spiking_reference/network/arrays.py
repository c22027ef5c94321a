"""What the kernels of networks work on: flat arrays over lanes, blocks and synapses.

Neurons of all populations stand side by side in lanes; each population begins a new block
of `BLOCK` lanes. A step k takes everything from time k dt to (k + 1) dt.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["Box", "Cells", "Inputs", "Net", "Plastic", "Receptors", "Team", "Wires"]


class Cells(NamedTuple):
    """Neurons and sources.

    S (variables, lanes): state; par: rows of coefficients, population by population;
    kind, size, first_par, row (blocks,): model, lanes in use, place of the block's first
    coefficient and length of a row; flags (blocks,): 1 for normals, 2 for uniforms, 4 for
    jumps kept while refractory; population (blocks,); first (populations,): the first lane
    of each; wait, n_ref (lanes,): refractory steps to go, and in all; words
    (4, lanes): xoshiro128+; spare (lanes,): normals for the next step; pending (lanes,):
    jumps kept for the end of the refractory period.
    """

    S: np.ndarray
    par: np.ndarray
    kind: np.ndarray
    size: np.ndarray
    first_par: np.ndarray
    row: np.ndarray
    flags: np.ndarray
    population: np.ndarray
    first: np.ndarray
    wait: np.ndarray
    n_ref: np.ndarray
    words: np.ndarray
    spare: np.ndarray
    pending: np.ndarray


class Receptors(NamedTuple):
    """Synaptic variables, receptor by receptor; those of a population lie together.

    kind: see `receptors`; first_lane, lanes, ring, state (receptors,): the population's
    first lane and number of lanes, and where its arrivals and variables begin; site: 1 on
    dendrites, else 0; row: length of a row of coefficients `coef`, beginning at
    first_coef; range (populations, 2): receptors of each; arrivals: weights on the way,
    (slots, lanes) for each receptor; slots (1,); g: variables, (2, lanes) for each.
    """

    kind: np.ndarray
    first_lane: np.ndarray
    lanes: np.ndarray
    ring: np.ndarray
    state: np.ndarray
    site: np.ndarray
    first_coef: np.ndarray
    row: np.ndarray
    coef: np.ndarray
    range: np.ndarray
    arrivals: np.ndarray
    slots: np.ndarray
    g: np.ndarray


class Inputs(NamedTuple):
    """What comes from outside.

    range (populations, 2): Poisson inputs of each; receptor, weight, parts (inputs,):
    receptor, weight, and number of draws that are added up; cdf (inputs, 64), entries
    (inputs,): distribution of one draw, or, where `row` is not 0, p0 and mean of each lane
    from first_par; current: currents of the running call, (steps, lanes or
    1) for each population; first_current, columns (populations,): where they begin, and
    the number of columns, 0 for none; at (1,): the step they begin with;
    spike_step, spike_lane, next (1,): given spikes, in order.
    """

    range: np.ndarray
    receptor: np.ndarray
    weight: np.ndarray
    parts: np.ndarray
    cdf: np.ndarray
    entries: np.ndarray
    row: np.ndarray
    first_par: np.ndarray
    par: np.ndarray
    current: np.ndarray
    first_current: np.ndarray
    columns: np.ndarray
    at: np.ndarray
    spike_step: np.ndarray
    spike_lane: np.ndarray
    next: np.ndarray


class Wires(NamedTuple):
    """Synapses, projection by projection; see `edges`.

    of (populations, 2): projections from each without plasticity, in `order`; receptor,
    first_row, first_edge (projections,): target receptor, and where rows and edges begin;
    indptr: rows, relative to first_edge; split (parts + 1, rows): where the targets of
    each part begin in them; targets; weight, delay (projections,): of all edges; weights,
    delays: of each, at first_weight, first_delay, which are -1 for projections without.
    """

    of: np.ndarray
    order: np.ndarray
    receptor: np.ndarray
    first_row: np.ndarray
    first_edge: np.ndarray
    indptr: np.ndarray
    split: np.ndarray
    targets: np.ndarray
    weight: np.ndarray
    delay: np.ndarray
    first_weight: np.ndarray
    weights: np.ndarray
    first_delay: np.ndarray
    delays: np.ndarray


class Plastic(NamedTuple):
    """Projections whose weights change; see `learn`.

    projection (plastic,): their numbers; of, into (populations, 2): the plastic
    projections from and into each, in of_order and into_order; rule (plastic, ...):
    coefficients; first_weight (plastic,): where the synapses of each begin in `weight`
    (float64); first_pre, first_post: where its traces begin in x_pre (parts, ...), of
    which each part has its own, and x_post; first_row, first_in: where its lists of the
    synapses of each target begin in in_ptr, and in in_edge and in_source.
    """

    projection: np.ndarray
    of: np.ndarray
    of_order: np.ndarray
    into: np.ndarray
    into_order: np.ndarray
    rule: np.ndarray
    weight: np.ndarray
    first_weight: np.ndarray
    x_pre: np.ndarray
    first_pre: np.ndarray
    x_post: np.ndarray
    first_post: np.ndarray
    in_ptr: np.ndarray
    first_row: np.ndarray
    in_edge: np.ndarray
    in_source: np.ndarray
    first_in: np.ndarray


class Net(NamedTuple):
    """A network ready to run."""

    cells: Cells
    receptors: Receptors
    inputs: Inputs
    wires: Wires
    plastic: Plastic


class Team(NamedTuple):
    """What the threads that share a network know of each other.

    blocks (parts + 1,): the first block of each part; step, lane (parts, capacity): spikes
    of each in the running call; ends (2, parts): how many there were after a chunk, by
    turns; room (parts,): how many a chunk may add; counter (1,): see `atomic`.
    """

    blocks: np.ndarray
    step: np.ndarray
    lane: np.ndarray
    ends: np.ndarray
    room: np.ndarray
    counter: np.ndarray


class Box(NamedTuple):
    """What one part of the network counts and records, and its room to work.

    used (1,): spikes of the running call; begins (parts,): how many of each part's have
    been delivered; rate (populations, steps of a call): their numbers; last (lanes,),
    moments (lanes, 4): step of the last spike; spikes, intervals, their sum and sum of
    squares; clock (3,): steps of the warm-up, steps from sample to sample, and number of
    the first sample; watched (blocks,): 1 with lanes whose state is recorded; row
    (lanes,): theirs in `trace` (rows, variables, samples), or -1; X (slots, BLOCK),
    z (2, BLOCK), words (4, BLOCK), raw, found, spiked (BLOCK,): to write on;
    sorted_step, sorted_lane (room of all parts,), starts (steps of a chunk + 1,): spikes
    of a chunk in the order of their delivery.
    """

    used: np.ndarray
    begins: np.ndarray
    rate: np.ndarray
    last: np.ndarray
    moments: np.ndarray
    clock: np.ndarray
    watched: np.ndarray
    row: np.ndarray
    trace: np.ndarray
    X: np.ndarray
    z: np.ndarray
    words: np.ndarray
    raw: np.ndarray
    found: np.ndarray
    spiked: np.ndarray
    sorted_step: np.ndarray
    sorted_lane: np.ndarray
    starts: np.ndarray
