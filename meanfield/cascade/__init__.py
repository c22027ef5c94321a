"""A linear filter and the stationary rate: cheap responses to input that changes.

`respond` filters mu(t) and sigma(t) with kernels fitted to the linear response and takes
the stationary rate of what results; `fit_kernel` fits the kernels.
"""

from ._respond import CascadeResponse, Kernel, fit_kernel, respond

__all__ = ["CascadeResponse", "Kernel", "fit_kernel", "respond"]
