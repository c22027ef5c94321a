"""Waveforms of synaptic currents and conductances."""

from dataclasses import dataclass
from typing import Any

from ._base import Parameters, check

__all__ = ["NMDA", "Alpha", "Delta", "DoubleExponential", "Exponential", "OnDendrite"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delta(Parameters):
    """A jump of the voltage by the weight [mV].

    Examples
    --------
    >>> from meanfield.neurons import Delta
    >>> Delta()
    Delta()
    """


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exponential(Parameters):
    """A jump by the weight, and an exponential decay.

    Parameters
    ----------
    tau : float
        Time constant [ms].
    E_rev : float, optional
        Reversal potential [mV]: the weight is then a conductance [nS], or per capacitance
        [1/ms] for `EIF`, `QIF` and `Izhikevich`; without it a current in the unit of the
        neuron's current.

    Raises
    ------
    ValueError
        If `tau` is not positive.

    Examples
    --------
    >>> from meanfield.neurons import Exponential
    >>> Exponential(tau=5.0, E_rev=0.0)
    Exponential(tau=5.0, E_rev=0.0)
    """

    tau: Any
    E_rev: Any = None

    def __post_init__(self) -> None:
        check(self, positive=("tau",))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alpha(Parameters):
    """(t/tau) exp(1 - t/tau): the weight is the peak, at t = tau.

    Parameters
    ----------
    tau : float
        Time to the peak [ms].
    E_rev : float, optional
        As for `Exponential`.

    Raises
    ------
    ValueError
        If `tau` is not positive.

    Examples
    --------
    >>> from meanfield.neurons import Alpha
    >>> Alpha(tau=2.0)
    Alpha(tau=2.0, E_rev=None)
    """

    tau: Any
    E_rev: Any = None

    def __post_init__(self) -> None:
        check(self, positive=("tau",))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoubleExponential(Parameters):
    """Difference of two exponentials: the weight is the peak.

    Parameters
    ----------
    tau_rise, tau_decay : float
        Time constants [ms]; equal ones give `Alpha`.
    E_rev : float, optional
        As for `Exponential`.

    Raises
    ------
    ValueError
        If a time constant is not positive.

    Examples
    --------
    >>> from meanfield.neurons import DoubleExponential
    >>> DoubleExponential(tau_rise=0.3, tau_decay=2.0, E_rev=0.0).tau_decay
    2.0
    """

    tau_rise: Any
    tau_decay: Any
    E_rev: Any = None

    def __post_init__(self) -> None:
        check(self, positive=("tau_rise", "tau_decay"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NMDA(Parameters):
    """A double-exponential conductance that magnesium blocks at low voltage.

    Parameters
    ----------
    tau_rise, tau_decay : float
        Time constants [ms].
    E_rev : float
        Reversal potential [mV].
    magnesium : float
        Concentration of magnesium [mM].
    affinity : float
        Concentration that halves the conductance at 0 mV [mM].
    slope : float
        Voltage dependence [1/mV].

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    The conductance is multiplied by 1/(1 + magnesium/affinity exp(slope V)), with
    slope < 0 [1]_; the defaults are those for human cells of [2]_.

    References
    ----------
    .. [1] C. E. Jahr, C. F. Stevens, J. Neurosci. 10, 3178 (1990),
       doi:10.1523/JNEUROSCI.10-09-03178.1990
    .. [2] G. Eyal et al., Front. Cell. Neurosci. 12, 181 (2018),
       doi:10.3389/fncel.2018.00181

    Examples
    --------
    >>> from meanfield.neurons import NMDA
    >>> NMDA().tau_decay
    35.0
    """

    tau_rise: Any = 8.0
    tau_decay: Any = 35.0
    E_rev: Any = 0.0
    magnesium: Any = 1.0
    affinity: Any = 3.36
    slope: Any = -0.077

    def __post_init__(self) -> None:
        check(
            self,
            positive=("tau_rise", "tau_decay", "affinity"),
            not_negative=("magnesium",),
        )


@dataclass(frozen=True, slots=True)
class OnDendrite:
    """A receptor on the dendrite, where the neuron has one.

    Parameters
    ----------
    synapse : Exponential, Alpha, DoubleExponential or NMDA
        Its waveform; currents are in pA.

    Raises
    ------
    TypeError
        If it is something else: jumps of the voltage (`Delta`) reach the soma only.

    Examples
    --------
    >>> from meanfield.neurons import Exponential, OnDendrite
    >>> OnDendrite(Exponential(tau=2.0, E_rev=0.0)).synapse.tau
    2.0
    """

    synapse: Any

    def __post_init__(self) -> None:
        if not isinstance(self.synapse, Exponential | Alpha | DoubleExponential | NMDA):
            raise TypeError(
                "`synapse` on a dendrite must be Exponential, Alpha, DoubleExponential or "
                f"NMDA; got {type(self.synapse).__name__}"
            )
