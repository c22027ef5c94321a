"""GLIF neurons of the Allen Cell Types Database, and NEST's names for them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import as_float, require
from ..neurons import GLIF

__all__ = ["from_allen", "to_nest"]

# Names of the six methods for each level: dynamics and reset of the after-spike currents,
# of the voltage, of the threshold.
METHODS = (
    "AScurrent_dynamics_method", "AScurrent_reset_method", "voltage_dynamics_method",
    "voltage_reset_method", "threshold_dynamics_method", "threshold_reset_method",
)  # fmt: skip
_EULER = "linear_forward_euler"
LEVELS = {
    ("none", "none", _EULER, "zero", "inf", "inf"): 1,
    ("none", "none", _EULER, "v_before", "spike_component", "three_components"): 2,
    ("exp", "sum", _EULER, "zero", "inf", "inf"): 3,
    ("exp", "sum", _EULER, "v_before", "spike_component", "three_components"): 4,
    ("exp", "sum", _EULER, "v_before", "three_components_exact", "three_components"): 5,
}
_MS, _MV, _PA, _PF, _NS = 1e3, 1e3, 1e12, 1e12, 1e9  # of the SI unit


def from_allen(config: Mapping[str, Any]) -> GLIF:
    """Read a neuron of the Allen Cell Types Database.

    Parameters
    ----------
    config : mapping
        A ``neuron_config``, in SI units, as the AllenSDK downloads it.

    Returns
    -------
    GLIF
        With the fitted coefficients multiplied into its parameters.

    Raises
    ------
    KeyError, TypeError, ValueError
        If something is missing, or of another model than the five published ones.

    Notes
    -----
    The configuration has the refractory period in steps of its own dt. It is converted
    with that, and does not change with the step of a simulation; in the AllenSDK it does.
    Of the state at the start nothing is kept: all published neurons start at rest.

    References
    ----------
    .. [1] C. Teeter et al., Nat. Commun. 9, 709 (2018),
       doi:10.1038/s41467-017-02717-4

    Examples
    --------
    >>> from meanfield.interop.allen import METHODS, from_allen
    >>> names = ("none", "none", "linear_forward_euler", "zero", "inf", "inf")
    >>> config = {
    ...     "El": 0.0, "El_reference": -0.0755, "C": 1.05e-10, "R_input": 180e6,
    ...     "th_inf": 0.028, "spike_cut_length": 90, "dt": 5e-5,
    ...     "coeffs": {"th_inf": 1.05},
    ... } | {m: {"name": n, "params": {}} for m, n in zip(METHODS, names)}
    >>> neuron = from_allen(config)
    >>> neuron.level, round(neuron.V_th, 6), round(neuron.t_ref, 6)
    (1, -46.1, 4.5)
    """
    names = tuple(_part(config, method, "name") for method in METHODS)
    level = LEVELS.get(names)
    if level is None:
        raise ValueError(
            f"the methods of `config` must be those of one of the levels 1 to 5; got "
            f"{dict(zip(METHODS, names, strict=True))}; known are {list(LEVELS)}"
        )
    require(_number(config, "El") == 0.0, "El", "must be 0", config["El"])
    scale = {
        "th_inf": 1.0,
        "C": 1.0,
        "G": 1.0,
        "a": 1.0,
        "b": 1.0,
        "asc_amp_array": 1.0,
    }
    scale |= config.get("coeffs") or {}
    E_L, R_input = _MV * _number(config, "El_reference"), _number(config, "R_input")
    require(R_input > 0.0, "R_input", "must be positive (Ohm)", R_input)
    return GLIF(
        C_m=_PF * _number(config, "C") * scale["C"],
        g_L=_NS * scale["G"] / R_input,
        E_L=E_L,
        V_th=E_L + _MV * _number(config, "th_inf") * scale["th_inf"],
        t_ref=_MS * _number(config, "spike_cut_length") * _number(config, "dt"),
        **(_reset_rules(config) if level in (2, 4, 5) else {}),
        **(_currents(config, scale["asc_amp_array"]) if level >= 3 else {}),
        **(_of_voltage(config, scale) if level == 5 else {}),
    )


def to_nest(neuron: GLIF) -> dict[str, Any]:
    """Return the parameters of NEST's ``glif_psc`` for one neuron.

    Parameters
    ----------
    neuron : GLIF
        Of numbers, not of arrays.

    Returns
    -------
    dict
        To be passed as ``params`` to ``nest.Create("glif_psc", params=...)``.

    Raises
    ------
    TypeError, ValueError
        If it is no GLIF, or of several neurons, or if a fraction is not from 0 to 1,
        which NEST does not take.

    Notes
    -----
    NEST rounds the refractory period to its resolution, and spikes to its grid.

    Examples
    --------
    >>> from meanfield.interop.allen import to_nest
    >>> from meanfield.neurons import GLIF
    >>> cell = to_nest(GLIF(asc_amps=(-8.0, -180.0), asc_decay=(0.003, 0.1)))
    >>> cell["after_spike_currents"], cell["asc_amps"], cell["V_reset"]
    (True, (-8.0, -180.0), -75.5)
    """
    if not isinstance(neuron, GLIF):
        raise TypeError(f"`neuron` must be a GLIF; got {type(neuron).__name__}")
    if neuron.shape != ():
        raise ValueError(
            f"`neuron` must be one neuron; got parameters of shape {neuron.shape}"
        )
    rules, currents = neuron.th_spike_add is not None, neuron.asc_amps is not None
    for name in ("voltage_reset_fraction", "asc_r"):
        value = getattr(neuron, name)
        if value is not None:
            inside = (np.asarray(value) >= 0.0) & (np.asarray(value) <= 1.0)
            require(inside, name, "must be from 0 to 1 in NEST", value)
    reset = neuron.E_L if neuron.V_reset is None else neuron.V_reset
    found = {
        "C_m": neuron.C_m, "g": neuron.g_L, "E_L": neuron.E_L, "V_th": neuron.V_th,
        "V_reset": reset, "V_m": neuron.E_L, "t_ref": neuron.t_ref,
        "spike_dependent_threshold": rules, "after_spike_currents": currents,
        "adapting_threshold": neuron.level == 5,
    }  # fmt: skip
    if rules:
        for name in (
            "th_spike_add", "th_spike_decay", "voltage_reset_fraction",
            "voltage_reset_add",
        ):  # fmt: skip
            found[name] = getattr(neuron, name)
    if currents:
        for name in ("asc_amps", "asc_decay", "asc_r"):
            found[name] = tuple(getattr(neuron, name).tolist())
        found["asc_init"] = (0.0,) * len(neuron.asc_amps)
    if neuron.level == 5:
        found["th_voltage_index"] = neuron.th_voltage_index
        found["th_voltage_decay"] = neuron.th_voltage_decay
    return found


def _part(config: Mapping[str, Any], method: str, key: str) -> Any:
    if method not in config:
        raise KeyError(f"`config` must have {method!r}; got {sorted(config)}")
    part = config[method]
    if not isinstance(part, Mapping) or key not in part:
        raise ValueError(f"`config` must have a {key!r} in {method!r}; got {part!r}")
    return part[key]


def _params(config: Mapping[str, Any], method: str) -> Mapping[str, Any]:
    params = _part(config, method, "params")
    if not isinstance(params, Mapping):
        raise TypeError(f"`params` of {method!r} must be a mapping; got {params!r}")
    return params


def _array(config: Mapping[str, Any], name: str) -> np.ndarray:
    if name not in config:
        raise KeyError(f"`config` must have {name!r}; got {sorted(config)}")
    return as_float(name, config[name])


def _number(config: Mapping[str, Any], name: str) -> float:
    array = _array(config, name)
    if array.ndim:
        raise ValueError(f"`{name}` must be one number; got shape {array.shape}")
    return float(array)


def _reset_rules(config: Mapping[str, Any]) -> dict[str, float]:
    voltage = _params(config, "voltage_reset_method")
    threshold = _params(config, "threshold_reset_method")
    return {
        "voltage_reset_fraction": _number(voltage, "a"),
        "voltage_reset_add": _MV * _number(voltage, "b"),
        "th_spike_add": _MV * _number(threshold, "a_spike"),
        "th_spike_decay": _number(threshold, "b_spike") / _MS,
    }


def _currents(config: Mapping[str, Any], scale: Any) -> dict[str, Any]:
    taus = _array(config, "asc_tau_array")
    require(taus > 0.0, "asc_tau_array", "must be positive (s)", taus)
    return {
        "asc_amps": _PA
        * _array(config, "asc_amp_array")
        * np.asarray(scale, dtype=float),
        "asc_decay": 1.0 / (_MS * taus),
        "asc_r": _array(_params(config, "AScurrent_reset_method"), "r"),
    }


def _of_voltage(config: Mapping[str, Any], scale: Mapping[str, Any]) -> dict[str, Any]:
    params = _params(config, "threshold_dynamics_method")
    return {
        "th_voltage_index": _number(params, "a_voltage") * scale["a"] / _MS,
        "th_voltage_decay": _number(params, "b_voltage") * scale["b"] / _MS,
    }
