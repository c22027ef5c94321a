"""Semi-analytic transfer functions that are fitted to measured rates."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.special import erfc, erfcinv

from .. import neurons
from ..errors import as_float, require
from ..neurons import EIF, AdEx, ConductanceLIF, Exponential
from ._rates import self_consistent
from ._statistics import (
    Afferents,
    Neuron,
    VoltageStatistics,
    _membrane,
    voltage_statistics,
)

# Centre and scale of mean, std [mV] and tau/tau_m in the polynomial (Zerlaut et al. 2018).
CENTRE, SCALE = np.array([-60.0, 4.0, 0.5]), np.array([10.0, 6.0, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TransferFunction:
    """Rate of a neuron as a function of the rates of its afferents.

    Parameters
    ----------
    neuron : ConductanceLIF, AdEx or EIF
        What it was fitted to.
    afferents : sequence of Afferents
        The inputs whose rates it takes, in order. Others may be put in with
        `dataclasses.replace`: the coefficients know the voltage only.
    coefficients : array_like
        The ten coefficients of the effective threshold [mV], see `fit_transfer`.
    residual, worst : float, optional
        Root mean square and largest deviation of the fit, in units of the errors that the
        fit was given.

    Examples
    --------
    >>> from meanfield.conductance import TransferFunction, Afferents
    >>> from meanfield.neurons import ConductanceLIF, Exponential
    >>> exc = Afferents(synapse=Exponential(tau=5.0, E_rev=0.0), weight=1.0, number=400)
    >>> rigid = TransferFunction(
    ...     neuron=ConductanceLIF(), afferents=(exc,), coefficients=[-50.0] + 9 * [0.0]
    ... )
    >>> round(float(rigid(0.003)) * 1e3, 2)
    56.76
    """

    neuron: Neuron
    afferents: Sequence[Afferents]
    coefficients: npt.ArrayLike
    residual: float = np.nan
    worst: float = np.nan

    def __post_init__(self) -> None:
        array = as_float("coefficients", self.coefficients).astype(np.float64)
        require(array.shape == (10,), "coefficients", "must be ten numbers", array.size)
        array.flags.writeable = False
        object.__setattr__(self, "coefficients", array)
        object.__setattr__(self, "afferents", tuple(self.afferents))

    def __call__(self, *rates: npt.ArrayLike, current: npt.ArrayLike = 0.0) -> Any:
        """Rate [kHz] for rates [kHz] of a train of each of the afferents."""

        def of(output):
            found = voltage_statistics(
                rates, self.neuron, self.afferents, current=current, output_rate=output
            )
            return self.rate(found)

        return self_consistent(of, self.neuron)

    def rate(self, statistics: VoltageStatistics) -> Any:
        """Rate [kHz] for given statistics of the voltage."""
        return _rate(np.asarray(self.coefficients), statistics, _tau_m(self.neuron))

    def save(self, path: str | Path) -> None:
        """Write it to `path` as JSON."""
        content = {
            "format": "meanfield.conductance.TransferFunction",
            "neuron": _plain(self.neuron),
            "afferents": [
                {"synapse": _plain(A.synapse), "weight": A.weight, "number": A.number}
                for A in self.afferents
            ],
            "coefficients": np.asarray(self.coefficients).tolist(),
            "residual": None if np.isnan(self.residual) else self.residual,
            "worst": None if np.isnan(self.worst) else self.worst,
        }
        Path(path).write_text(json.dumps(content, indent=1) + "\n")


def load_transfer(path: str | Path) -> TransferFunction:
    """Read what `TransferFunction.save` wrote.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    TransferFunction
        Equal to the one that was saved.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    content = json.loads(Path(path).read_text())
    kind = content.get("format") if isinstance(content, dict) else None
    if kind != "meanfield.conductance.TransferFunction":
        raise ValueError(f"`path` must be a saved TransferFunction; {path} is not")
    return TransferFunction(
        neuron=_object(content["neuron"], (ConductanceLIF, AdEx, EIF)),
        afferents=tuple(
            Afferents(
                synapse=_object(A["synapse"], (Exponential,)),
                weight=A["weight"], number=A["number"],
            )
            for A in content["afferents"]
        ),
        coefficients=content["coefficients"],
        residual=np.nan if content["residual"] is None else content["residual"],
        worst=np.nan if content["worst"] is None else content["worst"],
    )  # fmt: skip


def fit_transfer(
    rates: Sequence[npt.ArrayLike],
    measured: npt.ArrayLike,
    error: npt.ArrayLike,
    neuron: Neuron,
    afferents: Sequence[Afferents],
    *,
    current: npt.ArrayLike = 0.0,
    model_error: float = 0.05,
    prior: float = 5.0,
) -> TransferFunction:
    """Fit the effective threshold to measured rates.

    Parameters
    ----------
    rates : sequence of array_like
        Rates [kHz] of a train of each of the afferents, at which was measured: at least
        ten points. `transfer_design` proposes some.
    measured, error : array_like
        Rates of the neuron [kHz] and their standard errors, positive.
    neuron, afferents, current
        As for `voltage_statistics`.
    model_error : float
        Relative error that the form of the function may have, added to `error` in
        quadrature: without it, the many spikes at high rates decide alone.
    prior : float
        Expected size of the coefficients but the first [mV]; ``inf`` leaves them free.
        Two input rates do not determine ten coefficients well, and free ones can be wild
        between the points.

    Returns
    -------
    TransferFunction
        With the deviations of the fit.

    Raises
    ------
    ValueError
        If the shapes do not match, there are too few points, or errors are not positive.

    Notes
    -----
    rate = erfc((V_eff - mean)/(sqrt(2) std))/(2 tau) with mean, std and tau those of
    `voltage_statistics`, and V_eff a polynomial of second order in x = (mean + 60)/10,
    y = (std - 4)/6 and z = tau/tau_m - 1/2: the coefficients of
    1, x, y, z, x^2, y^2, z^2, xy, xz, yz [1]_. Weighted least squares of the rates and
    the prior; it starts from the linear fit of the thresholds that reproduce each rate. A
    fit is good where it was made, and says nothing about statistics far from there.

    References
    ----------
    .. [1] Y. Zerlaut, S. Chemla, F. Chavane, A. Destexhe, J. Comput. Neurosci. 44, 45
       (2018), doi:10.1007/s10827-017-0668-2
    """
    measured, error = as_float("measured", measured), as_float("error", error)
    if error.shape not in ((), measured.shape):
        raise ValueError(
            f"`error` must have the shape of `measured`, {measured.shape}; "
            f"got {error.shape}"
        )
    require(
        np.isfinite(measured) & (measured >= 0), "measured", "must be rates", measured
    )
    require(error > 0, "error", "must be positive (kHz)", error)
    require(
        measured.size >= 10, "measured", "must have ten points or more", measured.size
    )
    found = voltage_statistics(
        rates, neuron, afferents, current=current, output_rate=measured
    )
    if np.shape(found.mean) != measured.shape:
        raise ValueError(
            "`rates` must have the shape of `measured`, "
            f"{measured.shape}; got {np.shape(found.mean)}"
        )
    tau_m = _tau_m(neuron)
    scale = np.hypot(error, model_error * measured)
    terms = _terms(found, tau_m).reshape(-1, 10)
    start = _first_guess(terms, measured, scale, found, prior)

    def deviation(coefficients):
        return ((_rate(coefficients, found, tau_m) - measured) / scale).ravel()

    def objective(coefficients):
        return np.append(deviation(coefficients), coefficients[1:] / prior)

    best = least_squares(objective, start, x_scale="jac").x
    left = deviation(best)
    return TransferFunction(
        neuron=neuron,
        afferents=tuple(afferents),
        coefficients=best,
        residual=float(np.sqrt(np.mean(left**2))),
        worst=float(np.max(np.abs(left))),
    )


def transfer_design(
    neuron: Neuron,
    afferents: Sequence[Afferents],
    *,
    inhibition: npt.ArrayLike = (0.002, 0.005, 0.01, 0.02, 0.03),
    n: int = 8,
    current: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Input rates at which to measure for `fit_transfer`.

    Parameters
    ----------
    neuron : ConductanceLIF, AdEx or EIF
        Neuron parameters.
    afferents : sequence of Afferents
        Two: an excitatory and an inhibitory one.
    inhibition : array_like
        Inhibitory rates [kHz].
    n : int
        Excitatory rates for each of these.
    current : float
        Constant current, as for `voltage_statistics`.

    Returns
    -------
    exc, inh : numpy.ndarray
        Rates [kHz] (len(inhibition), n): the distance of the mean voltage to threshold is
        from 2.8 to 0.4 of its standard deviations, which is about 0.2 to 40 Hz.

    Raises
    ------
    ValueError
        If there are not two afferents, or the first cannot reach threshold.
    """
    if len(afferents) != 2:
        raise ValueError(f"`afferents` must be two; got {len(afferents)}")
    require(n >= 1, "n", "must be positive", n)
    inh, distance = np.meshgrid(
        as_float("inhibition", inhibition), np.linspace(2.8, 0.4, n), indexing="ij"
    )
    threshold = neuron.V_th if isinstance(neuron, ConductanceLIF) else neuron.V_T
    E_rev = afferents[0].synapse.E_rev
    above = f"must be above the threshold, {threshold} mV, of the excitatory afferent"
    require(E_rev > threshold, "E_rev", above, E_rev)
    total = afferents[0].number * afferents[0].weight * afferents[0].synapse.tau
    leak = _membrane(neuron)[1]
    low, high = (
        np.log(np.full(inh.shape, 1e-6 * leak / total)),
        np.log(np.full(inh.shape, 1e4 * leak / total)),
    )
    for _ in range(60):
        middle = 0.5 * (low + high)
        found = voltage_statistics(
            [np.exp(middle), inh], neuron, afferents, current=current
        )
        below = threshold - found.mean > distance * found.std
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.exp(low), inh


def _tau_m(neuron: Neuron) -> float:
    C, g_L, _, _ = _membrane(neuron)
    return C / g_L


def _terms(found: VoltageStatistics, tau_m: float) -> np.ndarray:
    x, y, z = (
        (value - c) / s
        for value, c, s in zip(
            (found.mean, found.std, found.tau / tau_m), CENTRE, SCALE, strict=True
        )
    )
    one = np.ones_like(x)
    return np.stack([one, x, y, z, x * x, y * y, z * z, x * y, x * z, y * z], axis=-1)


def _first_guess(
    terms: np.ndarray, measured: np.ndarray, scale: Any, found: Any, prior: float
) -> np.ndarray:
    """Return coefficients of the thresholds that the rates stand for."""
    # Rates the formula cannot have take the nearest ones that it can.
    part = np.clip(2 * measured * found.tau, 1e-6, 1.9)
    threshold = found.mean + np.sqrt(2) * found.std * erfcinv(part)
    weight = np.sqrt(measured / scale + 1e-3).ravel()
    ridge = np.diag(np.append(0.0, np.full(9, 1 / prior)))
    return np.linalg.lstsq(
        np.vstack([terms * weight[:, None], ridge]),
        np.append(threshold.ravel() * weight, np.zeros(10)),
    )[0]


def _rate(coefficients: np.ndarray, found: VoltageStatistics, tau_m: float) -> Any:
    threshold = _terms(found, tau_m) @ coefficients
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(
            found.std > 0,
            (threshold - found.mean) / (np.sqrt(2) * found.std),
            np.copysign(np.inf, threshold - found.mean),
        )
    return (erfc(distance) / (2 * found.tau))[()]


def _plain(parameters: Any) -> dict:
    values = {f.name: getattr(parameters, f.name) for f in fields(parameters)}
    return {"class": type(parameters).__name__, **values}


def _object(content: dict, kinds: tuple[type, ...]) -> Any:
    values = dict(content)
    kind = getattr(neurons, values.pop("class"))
    if kind not in kinds:
        raise ValueError(f"`path` must hold a neuron and synapses; got {kind.__name__}")
    return kind(**values)
