"""Populations of independent neurons under input that changes: the Fokker-Planck equation.

`evolve` gives the rate of a population of leaky, exponential or quadratic
integrate-and-fire neurons for any mu(t) and sigma(t).
"""

from ._evolve import PopulationResponse, evolve

__all__ = ["PopulationResponse", "evolve"]
