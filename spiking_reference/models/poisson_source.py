"""Sources of Poisson spikes: no state; any number of spikes in a step."""

from .._jit import inlined
from ..network.poisson import count
from ..network.slots import UNIFORM

__all__ = ["STATE", "step"]

STATE = ("V",)


@inlined
def step(S, a, n, par, q, L, X, held, spiked):
    """Draw the spikes of a step."""
    u = X[UNIFORM]
    for l in range(n):
        spiked[l] = count(u[l], par[q + l], par[q + L + l])
