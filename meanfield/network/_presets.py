"""Networks from the literature, for the theory and for the simulator alike."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ..neurons import (
    EIF,
    LIF,
    Bernoulli,
    ConductanceLIF,
    Exponential,
    FixedInDegree,
    Network,
    Parameters,
    Poisson,
    PoissonSource,
    Population,
    Projection,
)

_BRUNEL = LIF(tau_m=20.0, t_ref=2.0, V_th=20.0, V_reset=10.0)
_BALANCED = EIF(
    tau_m=15.0, t_ref=0.0, E_L=-72.0, V_T=-55.0, Delta_T=2.0, V_th=0.0, V_reset=-75.0
)
_J = ((750.0, -4500.0), (3375.0, -7500.0))


def brunel(
    g: float,
    eta: float,
    *,
    n_exc: int = 10_000,
    connectivity: float = 0.1,
    weight: float = 0.1,
    delay: float = 1.5,
    neuron: LIF = _BRUNEL,
) -> Network:
    """Sparse network of excitatory and inhibitory LIF neurons of Brunel (2000), model A.

    Parameters
    ----------
    g : float
        Inhibitory over excitatory weight.
    eta : float
        External rate over that which takes the mean input to threshold.
    n_exc : int
        Excitatory neurons; a quarter as many are inhibitory.
    connectivity : float
        In-degrees over sizes.
    weight : float
        Excitatory weight [mV].
    delay : float
        Delay [ms].
    neuron : LIF
        Neurons of both populations.

    Returns
    -------
    Network
        Populations "E" and "I".

    Raises
    ------
    ValueError, TypeError
        If a value is out of range.

    Notes
    -----
    C_E = connectivity n_exc synapses from E and C_E/4 from I on each neuron; Poisson input
    of rate C_E nu_ext = eta V_th/(weight tau_m) [1]_. A smaller network with the same mean
    input has n_exc divided, and weight multiplied, by some number; its noise is stronger.

    References
    ----------
    .. [1] N. Brunel, J. Comput. Neurosci. 8, 183 (2000), doi:10.1023/A:1008925309027

    Examples
    --------
    >>> from meanfield.network import brunel
    >>> brunel(g=5.0, eta=2.0).n
    12500
    """
    g, eta, J, epsilon = (
        _number(name, value)
        for name, value in {
            "g": g, "eta": eta, "weight": weight, "connectivity": connectivity
        }.items()
    )  # fmt: skip
    require(g >= 0, "g", "must not be negative: inhibition has its sign here", g)
    require(eta >= 0, "eta", "must not be negative", eta)
    require(J > 0, "weight", "must be positive (mV)", J)
    require(0 < epsilon <= 1, "connectivity", "must be in (0, 1]", epsilon)
    n_exc = _size("n_exc", n_exc, 4)
    sizes = {"E": n_exc, "I": n_exc // 4}
    degrees = {name: FixedInDegree(round(epsilon * n)) for name, n in sizes.items()}
    weights = {"E": J, "I": -g * J}
    rate = eta * neuron.V_th / (J * neuron.tau_m)
    return Network(
        populations={name: Population(n=n, neuron=neuron) for name, n in sizes.items()},
        projections=[
            Projection(
                source=s, target=t, rule=degrees[s], weight=weights[s], delay=delay
            )
            for s in sizes
            for t in sizes
        ],
        inputs=[Poisson(target=name, rate=rate, weight=J) for name in sizes],
    )


def balanced_eif(
    size: int,
    *,
    j: npt.ArrayLike = _J,
    X: npt.ArrayLike = (0.4, 0.3),
    p: npt.ArrayLike = 0.05,
    fractions: Sequence[float] = (0.8, 0.2),
    names: Sequence[str] = ("E", "I"),
    tau_syn: Sequence[float] = (6.0, 4.0),
    delay: float = 0.1,
    neuron: Parameters = _BALANCED,
) -> Network:
    """Densely connected network in the balanced state, of any number of populations.

    Parameters
    ----------
    size : int
        Neurons in all, N.
    j : array_like, shape (n, n)
        Weights [mV ms], row = target: a spike changes the voltage of its target, if that
        has no leak, by j/(sqrt(N) tau_m).
    X : array_like, shape (n,)
        External input over sqrt(N) [mV].
    p : array_like
        Connection probability, (n, n) or one number.
    fractions : sequence of float
        Of the neurons in each population.
    names : sequence of str
        Of the populations.
    tau_syn : sequence of float
        Synaptic time constants, by source [ms].
    delay : float
        Delay [ms].
    neuron : EIF, LIF or the like
        All neurons, with ``tau_m``.

    Returns
    -------
    Network

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or values are out of range.

    Notes
    -----
    tau_m dV/dt = f(V) + sqrt(N) X_a + sum_b (j_ab/sqrt(N)) sum over spikes of
    exp(-t/tau_b)/tau_b. As N grows the rates go to r = -W^-1 X with W_ab = p_ab j_ab q_b
    and q the fractions [1]_; `meanfield.balanced` takes W and X. The defaults are those of
    networks for which [2]_ and others study the balanced state, whose rates are 4.3 and
    11.8 Hz.

    References
    ----------
    .. [1] C. van Vreeswijk, H. Sompolinsky, Neural Comput. 10, 1321 (1998),
       doi:10.1162/089976698300017214
    .. [2] C. Baker, V. Zhu, R. Rosenbaum, PLoS Comput. Biol. 16, e1008192 (2020),
       doi:10.1371/journal.pcbi.1008192

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield.network import balanced_eif, mean_field
    >>> net = mean_field(balanced_eif(5000))
    >>> [round(float(r), 4) for r in -1e3 * np.linalg.solve(net.weight, net.mu_ext)]
    [4.3137, 11.7647]
    """
    n = len(names)
    J = _array("j", j, (n, n))
    P = np.broadcast_to(_array("p", p, (n, n), ()), (n, n))
    drive = _array("X", X, (n,))
    taus = dict(zip(names, _array("tau_syn", tau_syn, (n,)), strict=True))
    root = float(np.sqrt(_size("size", size, n)))
    tau_m: Any = getattr(neuron, "tau_m", None)
    if tau_m is None or np.ndim(tau_m):
        raise TypeError(
            f"`neuron` must have one membrane time constant tau_m; got {neuron!r}"
        )
    sizes = {
        name: round(size * q)
        for name, q in zip(names, _array("fractions", fractions, (n,)), strict=True)
    }
    receptors = {name: Exponential(tau=tau) for name, tau in taus.items()}
    return Network(
        populations={
            name: Population(
                n=m, neuron=neuron, receptors=receptors, current=x * root / tau_m
            )
            for (name, m), x in zip(sizes.items(), drive, strict=True)
        },
        projections=[
            Projection(
                source=s, target=t, rule=Bernoulli(float(P[a, b])), receptor=s,
                delay=delay, weight=J[a, b] / (root * taus[s] * tau_m),
            )
            for a, t in enumerate(names)
            for b, s in enumerate(names)
            if J[a, b] and P[a, b]
        ],
    )  # fmt: skip


def zerlaut(rate: float = 0.004) -> Network:
    """Network of conductance-based LIF neurons of Zerlaut et al. (2018).

    Parameters
    ----------
    rate : float
        Of each of 100 Poisson afferents of each population [kHz].

    Returns
    -------
    Network
        Populations "E" (8000) and "I" (2000), sources "to E" and "to I".

    Raises
    ------
    ValueError
        If `rate` is negative or not finite.

    Notes
    -----
    Connection probability 5 %, 10 % from afferents; conductances of 5 ms [1]_. Inhibitory
    neurons have a threshold 3 mV lower.

    References
    ----------
    .. [1] Y. Zerlaut, S. Chemla, F. Chavane, A. Destexhe, J. Comput. Neurosci. 44, 45
       (2018), doi:10.1007/s10827-017-0668-2

    Examples
    --------
    >>> from meanfield.network import zerlaut
    >>> list(zerlaut().populations)
    ['E', 'I', 'to E', 'to I']
    """
    sizes, thresholds = {"E": 8000, "I": 2000}, {"E": -50.0, "I": -53.0}
    kinds = {"E": ("exc", 2.0), "I": ("inh", 10.0)}
    receptors = {
        "exc": Exponential(tau=5.0, E_rev=0.0), "inh": Exponential(tau=5.0, E_rev=-80.0)
    }  # fmt: skip

    def projection(source, target, p, receptor, weight):
        return Projection(
            source=source, target=target, rule=Bernoulli(p, autapses=False),
            weight=weight, delay=0.1, receptor=receptor,
        )  # fmt: skip

    neurons = {
        name: Population(
            n=n,
            neuron=ConductanceLIF(V_th=thresholds[name], t_ref=2.0),
            receptors=receptors,
        )
        for name, n in sizes.items()
    }
    sources = {f"to {name}": PoissonSource(n=100, rate=rate) for name in sizes}
    return Network(
        populations=neurons | sources,
        projections=[
            *(projection(s, t, 0.05, *kinds[s]) for s in sizes for t in sizes),
            *(projection(f"to {t}", t, 0.1, "exc", 4.0) for t in sizes),
        ],
    )


def _size(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"`{name}` must be a whole number of neurons; got {value!r}")
    require(value >= least, name, f"must be at least {least} neurons", value)
    return int(value)


def _number(name: str, value: Any) -> float:
    array = as_float(name, value)
    if array.ndim:
        raise ValueError(f"`{name}` must be one number; got shape {array.shape}")
    require(np.isfinite(array), name, "must be finite", array)
    return float(array)


def _array(name: str, value: Any, *shapes: tuple[int, ...]) -> np.ndarray:
    array = as_float(name, value).astype(np.float64)
    if array.shape not in shapes:
        raise ValueError(f"`{name}` must have shape {shapes[0]}; got {array.shape}")
    require(np.isfinite(array), name, "must be finite", array)
    return array
