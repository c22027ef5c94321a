"""The generalized leaky integrate-and-fire neuron, at five levels."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import require
from ._base import Parameters, check, names_of

__all__ = ["GLIF"]

RESET_RULES = (
    "voltage_reset_fraction",
    "voltage_reset_add",
    "th_spike_add",
    "th_spike_decay",
)
AFTER_SPIKE = ("asc_amps", "asc_decay")
OF_VOLTAGE = ("th_voltage_index", "th_voltage_decay")
_MOST = 2  # after-spike currents


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GLIF(Parameters):
    """Generalized leaky integrate-and-fire neuron, GLIF1 to GLIF5.

    What is None is absent. Reset rules make the level 2, after-spike currents 3, both 4,
    and a threshold that follows the voltage, on top of both, 5.

    Parameters
    ----------
    C_m : float or array_like
        Capacitance [pF].
    g_L : float or array_like
        Leak conductance [nS].
    E_L : float or array_like
        Leak reversal potential [mV].
    V_th : float or array_like
        Threshold at rest [mV].
    V_reset : float, array_like or None
        Reset [mV] at levels 1 and 3; None stands for E_L.
    t_ref : float or array_like
        Refractory period [ms].
    voltage_reset_fraction, voltage_reset_add : float, array_like or None
        Reset rule: fraction that V - E_L keeps, and what is added to it [mV].
    th_spike_add, th_spike_decay : float, array_like or None
        What a spike adds to the threshold [mV], and the rate of its decay [1/ms].
    asc_amps, asc_decay : sequence of one or two, or None
        After-spike currents: what a spike adds to each [pA], and rates of decay [1/ms];
        the entries are numbers or arrays of one value for each neuron.
    asc_r : sequence of one or two, or None
        Fraction of each current that outlives a spike; by default 1.
    th_voltage_index, th_voltage_decay : float, array_like or None
        Coupling of the threshold to the voltage, and its rate of decay [1/ms].

    Raises
    ------
    ValueError
        If a parameter is out of range, or a part is incomplete or without what it builds
        on.

    Notes
    -----
    With theta = V_th + theta_s + theta_v, between spikes

    C_m V' = -g_L (V - E_L) + I_1 + I_2 + I, I_j' = -asc_decay_j I_j,
    theta_s' = -th_spike_decay theta_s,
    theta_v' = th_voltage_index (V - E_L) - th_voltage_decay theta_v,

    until V reaches theta [1]_. For t_ref from then on, V and theta_v rest, and I is
    ignored. At the end of it V - E_L is voltage_reset_fraction times its value at the
    spike plus voltage_reset_add, or V is V_reset; I_j is asc_amps_j + asc_r_j I_j, and
    theta_s is th_spike_add + theta_s, both with the decay through t_ref of what was there
    at the spike: amplitudes are those after the refractory period, as in the AllenSDK and
    NEST.

    References
    ----------
    .. [1] C. Teeter et al., Nat. Commun. 9, 709 (2018),
       doi:10.1038/s41467-017-02717-4

    Examples
    --------
    >>> from dataclasses import replace
    >>> from meanfield.neurons import GLIF
    >>> plain = GLIF(C_m=105.0, g_L=5.3)
    >>> adapting = replace(plain, asc_amps=(-8.0, -180.0), asc_decay=(0.003, 0.1))
    >>> plain.level, adapting.level, adapting.asc_r
    (1, 3, array([1., 1.]))
    """

    C_m: Any = 105.0
    g_L: Any = 5.5
    E_L: Any = -75.5
    V_th: Any = -47.5
    V_reset: Any = None
    t_ref: Any = 4.5
    voltage_reset_fraction: Any = None
    voltage_reset_add: Any = None
    th_spike_add: Any = None
    th_spike_decay: Any = None
    asc_amps: Any = None
    asc_decay: Any = None
    asc_r: Any = None
    th_voltage_index: Any = None
    th_voltage_decay: Any = None

    def __post_init__(self) -> None:
        self._complete()
        if self.asc_amps is not None:
            self._stack()
        check(
            self,
            positive=("C_m", "g_L", "th_spike_decay", "asc_decay", "th_voltage_decay"),
            not_negative=("t_ref",),
            below=[] if self.V_reset is None else [("V_reset", "V_th")],
        )

    def _complete(self) -> None:
        """Require that parts are whole, and that they make one of the five levels."""
        for part in (RESET_RULES, AFTER_SPIKE, OF_VOLTAGE):
            given = [name for name in part if getattr(self, name) is not None]
            missing = [name for name in part if name not in given]
            if given and missing:
                raise ValueError(
                    f"`{missing[0]}` must be given with `{given[0]}`; got None: give all "
                    f"of {', '.join(part)}, or none"
                )
        rules, currents, follows = (
            getattr(self, part[0]) is not None
            for part in (RESET_RULES, AFTER_SPIKE, OF_VOLTAGE)
        )
        if follows and not (rules and currents):
            raise ValueError(
                "`th_voltage_index` must come with reset rules and after-spike currents "
                "(level 5); give amplitudes of 0 for what is not wanted"
            )
        if self.asc_r is not None and not currents:
            raise ValueError("`asc_r` must be None without `asc_amps`")
        if self.V_reset is not None and rules:
            raise ValueError(
                f"`V_reset` must be None with reset rules; got {self.V_reset}: they say "
                "where V goes"
            )

    def _stack(self) -> None:
        """Make arrays (currents,) or (currents, n) of what belongs to the currents."""
        count = len(np.atleast_1d(np.asarray(self.asc_decay, dtype=object)))
        if self.asc_r is None:
            object.__setattr__(self, "asc_r", (1.0,) * count)
        for name in (*AFTER_SPIKE, "asc_r"):
            parts = getattr(self, name)
            parts = [parts] if np.ndim(np.asarray(parts, dtype=object)) == 0 else parts
            require(
                1 <= len(parts) <= _MOST and len(parts) == count,
                name,
                "must have one or two entries, as many as `asc_decay`",
                len(parts),
            )
            stacked = np.stack(np.broadcast_arrays(*parts))
            object.__setattr__(self, name, stacked)

    @property
    def level(self) -> int:
        """The level, from 1 to 5."""
        if self.th_voltage_index is not None:
            return 5
        rules, currents = self.th_spike_add is not None, self.asc_amps is not None
        return 1 + rules + 2 * currents

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that all parameters broadcast to; ``()`` for plain numbers."""
        values = {name: getattr(self, name) for name in names_of(self)}
        return np.broadcast_shapes(
            *(
                np.shape(value)[1:] if name.startswith("asc") else np.shape(value)
                for name, value in values.items()
                if value is not None
            )
        )
