"""The figures of a report, one after the other."""

from collections.abc import Callable, Iterator

from .approximations import approximations
from .cases import Case
from .curves import curves, differences
from .gridfile import Grid
from .maps import histogram, z_map
from .population_figures import population_figures
from .populations import PopulationCase
from .predict import Prediction, predict
from .scatter import regimes, scatter
from .singles import NeuronCase
from .style import Picture
from .verdict import Verdict

__all__ = ["pictures"]


def pictures(
    grid: Grid,
    verdict: Verdict,
    *,
    predict: Callable[[Case], Prediction] = predict,
) -> Iterator[Picture]:
    """Draw all figures of a sweep, one at a time.

    Parameters
    ----------
    grid : Grid
    verdict : Verdict
    predict : callable, optional
        The theory.

    Yields
    ------
    Picture
        Curves for each quantity and neuron, differences for each quantity, z maps for
        each neuron, and the histogram of z. Of layers, predicted against measured values
        of all units, and the relative differences of the means against the regime. Of a
        `NeuronCase`, the errors of each theory, spectra and responses. Of a
        `PopulationCase`, see `population_figures`.
    """
    recurrent = [c for c in verdict.comparisons if isinstance(c.case, PopulationCase)]
    yield from population_figures(recurrent)
    theories = [
        c
        for c in verdict.comparisons
        if c.approximation and not isinstance(c.case, PopulationCase)
    ]
    names = {
        case: grid.neuron_name(case)
        for case in grid.cases
        if isinstance(case, NeuronCase)
    }
    yield from approximations(theories, names)
    layers = [c for c in verdict.comparisons if c.layer]
    for quantity, group in dict.fromkeys((c.quantity, c.group) for c in layers):
        mine = [c for c in layers if (c.quantity, c.group) == (quantity, group)]
        yield scatter(quantity, group, mine)
    for quantity in dict.fromkeys(c.quantity for c in layers):
        yield regimes(
            quantity, [c for c in layers if c.quantity == quantity and c.whole]
        )
    yield from _single(grid, verdict, predict)
    if verdict.tested:
        yield histogram(verdict)


def _single(
    grid: Grid, verdict: Verdict, predict: Callable[[Case], Prediction]
) -> Iterator[Picture]:
    """Draw what is about LIF neurons and pairs in white noise."""
    everything = [p for p in verdict.pooled if p.group in ("", "clocked")]
    for pooled in everything:
        for name, neuron in grid.neurons:
            members = pooled.members(verdict.comparisons)
            members = [c for c in members if c.case.neuron == neuron and c.value > 0]
            if members:
                yield curves(pooled, name, members, predict)
    for pooled in everything:
        yield differences(pooled, verdict)
    for pooled in everything:
        for name, neuron in grid.neurons:
            members = pooled.members(verdict.tested)
            members = [c for c in members if c.case.neuron == neuron]
            if len(members) > 1:
                yield z_map(pooled, name, members, verdict)
