"""Rules by which spikes change the weights of a projection."""

from dataclasses import dataclass
from typing import Any

from ..errors import require
from ._base import Parameters, check

__all__ = ["STDP", "InhibitoryPlasticity", "Plasticity"]


class Plasticity(Parameters):
    """How weights follow pairs of spikes; a base class."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InhibitoryPlasticity(Plasticity):
    """Inhibition grows where its target fires above a target rate, and else shrinks.

    Parameters
    ----------
    eta : float
        Learning rate [ms], times the unit of the weight for the additive rule.
    target : float
        Target rate r0 of the postsynaptic neurons [kHz].
    tau : float
        Time constant of the traces [ms].
    multiplicative : bool, optional
        Whether changes are proportional to the weight.

    Raises
    ------
    ValueError
        If a parameter is out of range, or a multiplicative change would turn the sign
        of a weight (2 eta r0 >= 1).

    Notes
    -----
    Each neuron has a trace x, which a spike of its own raises by 1/tau and which decays
    with tau: its mean is the rate. A weight w of size s = abs(w) changes by

    - eta (x_post - 2 r0) at a spike of the source,
    - eta x_pre at a spike of the target,

    in its size, which never falls below 0 (additive, [1]_), or relative to its size
    (multiplicative). With x read in units of 1/tau, as [1]_ does, eta/tau is what is
    called eta there. The mean change is eta r_pre (2 r_post - 2 r0), or the same times
    the weight, but for correlations: rates come to rest at r0.

    References
    ----------
    .. [1] T. P. Vogels, H. Sprekeler, F. Zenke, C. Clopath, W. Gerstner, Science 334, 1569
       (2011), doi:10.1126/science.1211095

    Examples
    --------
    >>> from meanfield.neurons import InhibitoryPlasticity
    >>> InhibitoryPlasticity(eta=3.0, target=0.008, tau=200.0, multiplicative=True).target
    0.008
    """

    eta: Any
    target: Any
    tau: Any = 20.0
    multiplicative: bool = False

    def __post_init__(self) -> None:
        multiplicative = self.multiplicative
        if not isinstance(multiplicative, bool):
            raise TypeError(
                f"`multiplicative` must be True or False; got {multiplicative!r}"
            )
        object.__setattr__(self, "multiplicative", 0.0)
        check(self, positive=("tau",), not_negative=("eta", "target"))
        object.__setattr__(self, "multiplicative", multiplicative)
        _scalars(self)
        if multiplicative:
            fall = 2.0 * self.eta * self.target
            require(
                fall < 1.0,
                "eta",
                f"must be below 1/(2 target)={0.5 / max(self.target, 1e-300):g} (ms) for "
                "the multiplicative rule, which else turns the sign of weights",
                self.eta,
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class STDP(Plasticity):
    """Pairs of spikes change weights by their distance in time.

    Parameters
    ----------
    A_plus, A_minus : float
        Change [unit of the weight] for a target that fires right after, and right
        before, its source; A_minus is subtracted.
    tau_plus, tau_minus : float
        Time constants [ms] of both windows.
    w_max : float
        Largest weight; the smallest is 0.
    mu : float, optional
        Power, from 0 to 1, by which changes vanish towards the bounds.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    All pairs count: w grows by A_plus (1 - w/w_max)^mu exp(-s/tau_plus) for each source
    spike s before a spike of the target, and falls by A_minus (w/w_max)^mu
    exp(-s/tau_minus) for each target spike s before one of the source. Spikes in the
    same step do not count. mu = 0 is additive with hard bounds [1]_, mu = 1
    multiplicative, and between them [2]_.

    References
    ----------
    .. [1] S. Song, K. D. Miller, L. F. Abbott, Nat. Neurosci. 3, 919 (2000),
       doi:10.1038/78829
    .. [2] R. Gütig, R. Aharonov, S. Rotter, H. Sompolinsky, J. Neurosci. 23, 3697 (2003),
       doi:10.1523/JNEUROSCI.23-09-03697.2003

    Examples
    --------
    >>> from meanfield.neurons import STDP
    >>> STDP(A_plus=0.01, A_minus=0.012, w_max=1.0).tau_plus
    20.0
    """

    A_plus: Any
    A_minus: Any
    w_max: Any
    tau_plus: Any = 20.0
    tau_minus: Any = 20.0
    mu: Any = 0.0

    def __post_init__(self) -> None:
        check(
            self,
            positive=("tau_plus", "tau_minus", "w_max"),
            not_negative=("A_plus", "A_minus", "mu"),
        )
        _scalars(self)
        require(self.mu <= 1.0, "mu", "must be in [0, 1]", self.mu)


def _scalars(rule: Plasticity) -> None:
    if rule.shape:
        raise ValueError(
            "`plasticity` must have plain numbers as parameters; got arrays that "
            f"broadcast to shape {rule.shape}"
        )
