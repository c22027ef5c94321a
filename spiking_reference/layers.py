"""Layers of neurons: parameters and nothing else."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from meanfield.neurons import LIF, as_float, require

from .plan import flat_parameters

__all__ = ["Layer"]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A layer of leaky integrate-and-fire neurons with delta synapses.

    Parameters
    ----------
    weights : array_like
        Weights (n_out, n_in) [mV per spike]: what a spike of each source adds to V.
    neuron : LIF, optional
        Parameters: numbers, or arrays (n_out,).
    mu : float or array_like, optional
        Constant background (n_out,) [mV/ms].
    sigma : float or array_like, optional
        Intensity (n_out,) [mV/sqrt(ms)] of independent background white noise; neurons
        without it are simulated faster.

    Raises
    ------
    TypeError
        If `neuron` is no LIF, or an array is not of real numbers.
    ValueError
        If a value is not finite, `sigma` is negative, or the shapes do not fit.

    Notes
    -----
    dV_i = (-(V_i - E_L)/tau_m + mu_i) dt + sigma_i dW_i + sum_j w_ij dN_j below the
    threshold, with the spike trains N_j of the layer below or of the input; a spike at
    V_th, then t_ref at V_reset, during which inputs are lost.

    Examples
    --------
    >>> layer = Layer([[1.0, -0.5, 2.0], [0.0, 1.0, 1.0]], LIF(t_ref=2.0), mu=0.5)
    >>> layer.n_in, layer.n_out
    (3, 2)
    """

    weights: npt.ArrayLike
    neuron: LIF = field(default_factory=LIF)
    mu: npt.ArrayLike = 0.0
    sigma: npt.ArrayLike = 0.0

    def __post_init__(self) -> None:
        for name in ("weights", "mu", "sigma"):
            array = as_float(name, getattr(self, name)).astype(np.float64)
            array.flags.writeable = False
            object.__setattr__(self, name, array if array.ndim else array.item())
        weights, sigma = np.asarray(self.weights), np.asarray(self.sigma)
        if weights.ndim != 2 or weights.size == 0:
            raise ValueError(
                "`weights` must have shape (n_out, n_in), neither of them 0; got shape "
                f"{weights.shape}"
            )
        require(np.isfinite(weights), "weights", "must be finite (mV)", weights)
        require(np.isfinite(self.mu), "mu", "must be finite (mV/ms)", self.mu)
        finite = "must be finite and not negative (mV/sqrt(ms))"
        require((sigma >= 0) & np.isfinite(sigma), "sigma", finite, sigma)
        if not isinstance(self.neuron, LIF):
            kind = type(self.neuron).__name__
            raise TypeError(f"`neuron` must be a LIF; got {kind}")
        shapes = {"mu": np.shape(self.mu), "sigma": sigma.shape}
        for name, shape in {**shapes, "neuron": self.neuron.shape}.items():
            if shape not in ((), (1,), (self.n_out,)):
                raise ValueError(
                    f"`{name}` must be of numbers or have shape (n_out,) = "
                    f"({self.n_out},), as `weights` has n_out rows; got shape {shape}"
                )

    @property
    def n_in(self) -> int:
        """Number of sources."""
        return np.shape(self.weights)[1]

    @property
    def n_out(self) -> int:
        """Number of neurons."""
        return np.shape(self.weights)[0]

    def parameters(self) -> dict[str, np.ndarray]:
        """Arrays (n_out,) of the parameters, voltages relative to the threshold."""
        return flat_parameters(self.neuron, self.mu, self.sigma, (self.n_out,))
