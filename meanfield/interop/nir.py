"""Export of spiking layers to the Neuromorphic Intermediate Representation (NIR)."""

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..neurons import LIF
from ..units import mV, s

try:
    import nir
except ImportError as error:  # pragma: no cover - needs an environment without it
    raise ImportError("NIR needs nir: pip install 'meanfield-theory[nir]'") from error

__all__ = ["to_nir"]

V = 1e3 * mV


def to_nir(layers: Iterable[tuple[Any, LIF, Any, Any]]) -> nir.NIRGraph:
    """Write layers as a chain of ``Affine`` and ``LIF`` nodes, in volts and seconds.

    Parameters
    ----------
    layers : iterable of SpikingLayer
        Tuples (weights, neuron, mu, sigma), as `meanfield.nn.convert` returns them.

    Returns
    -------
    nir.NIRGraph
        For `nir.write`.

    Warns
    -----
    UserWarning
        If neurons are refractory or have noise, which NIR has no place for: `t_ref` [s]
        and `sigma` [V/sqrt(s)] are in the metadata of the LIF nodes, which other tools
        ignore.

    Raises
    ------
    ValueError
        If there is no layer, or a neuron does not leak (tau_m = inf).

    Notes
    -----
    NIR's neuron is tau dv/dt = v_leak - v + R I, with Dirac pulses for spikes [1]_. With
    R = tau, a weight w [V] is the jump of v at a spike and a bias [V/s] the drive mu.

    References
    ----------
    .. [1] J. E. Pedersen et al., Nat. Commun. 15, 8122 (2024),
       doi:10.1038/s41467-024-52259-9

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield import LIF
    >>> from meanfield.interop.nir import to_nir
    >>> layer = (np.ones((2, 3)), LIF(t_ref=0.0), 0.5, 0.0)
    >>> graph = to_nir([layer])
    >>> graph.nodes["affine"].weight[0], graph.nodes["lif"].tau
    (array([0.001, 0.001, 0.001]), array([0.02, 0.02]))
    """
    nodes, lost = [], {}
    for i, (weights, neuron, mu, sigma) in enumerate(layers):
        weights = np.asarray(weights, dtype=np.float64)
        affine, lif = _nodes(weights, neuron, np.asarray(mu), np.asarray(sigma), i)
        nodes += [affine, lif]
        for name in lif.metadata:
            lost.setdefault(name, []).append(i)
    if not nodes:
        raise ValueError("`layers` must not be empty; got none")
    for name, where in lost.items():
        warnings.warn(
            f"NIR neurons have no `{name}`: kept in the metadata of layers {where}, and "
            "ignored by tools that read the graph",
            UserWarning,
            stacklevel=2,
        )
    return nir.NIRGraph.from_list(*nodes)


def _nodes(
    weights: np.ndarray, neuron: LIF, mu: np.ndarray, sigma: np.ndarray, i: int
) -> tuple[nir.Affine, nir.LIF]:
    """Nodes of layer `i`."""
    if np.any(np.isinf(neuron.tau_m)):
        raise ValueError(
            f"`tau_m` must be finite in NIR; got inf in layer {i}: take a large one"
        )

    def column(value: Any, unit: float) -> np.ndarray:
        return np.broadcast_to(np.asarray(value) / unit, weights.shape[:1]).copy()

    lost = {
        "t_ref": column(neuron.t_ref, s),
        "sigma": column(sigma, V / np.sqrt(s)),
    }
    lif = nir.LIF(
        tau=column(neuron.tau_m, s),
        r=column(neuron.tau_m, s),
        v_leak=column(neuron.E_L, V),
        v_threshold=column(neuron.V_th, V),
        v_reset=column(neuron.V_reset, V),
        metadata={name: value for name, value in lost.items() if np.any(value)},
    )
    return nir.Affine(weights / V, column(mu, V / s)), lif
