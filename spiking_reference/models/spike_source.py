"""Sources of given spikes: they come from outside the loop."""

from .._jit import inlined

__all__ = ["STATE", "step"]

STATE = ("V",)


@inlined
def step(S, a, n, par, q, L, X, held, spiked):
    """Leave the spikes to `network.deliver.replay`."""
    for l in range(n):
        spiked[l] = 0
