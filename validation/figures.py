"""The figures of a report, one after the other."""

from collections.abc import Callable, Iterator

from .cases import Case
from .curves import curves, differences
from .gridfile import Grid
from .maps import histogram, z_map
from .predict import Prediction, predict
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
        each neuron, and the histogram of z.
    """
    for pooled in verdict.pooled:
        for name, neuron in grid.neurons:
            members = pooled.members(verdict.comparisons)
            members = [c for c in members if c.case.neuron == neuron and c.value > 0]
            if members:
                yield curves(pooled, name, members, predict)
    for pooled in verdict.pooled:
        yield differences(pooled, verdict)
    for pooled in verdict.pooled:
        for name, neuron in grid.neurons:
            members = pooled.members(verdict.tested)
            members = [c for c in members if c.case.neuron == neuron]
            if len(members) > 1:
                yield z_map(pooled, name, members, verdict)
    if verdict.tested:
        yield histogram(verdict)
