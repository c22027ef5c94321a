"""Any integrate-and-fire neuron as torch operations: splines through its solution."""

import dataclasses
import functools
import math
import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import ValidityWarning
from ..integrate_and_fire import stationary
from . import _charts
from ._core import as_tensor, result_type

__all__ = ["Table"]

_FLAWED = 1e-3  # error of a table that is worth a warning
_RARE = 1e-9  # spikes per tau_m, below which errors do not count


class Source:
    """What layers take the statistics of a neuron from, in its place."""

    neuron: Any

    def working_point(self) -> tuple[Any, Any]:
        """Rheobase [mV/ms], and the noise [mV/sqrt(ms)] that blurs it by as much."""
        parameters = _charts.shape_parameters(self.neuron)
        means = {name: float(np.mean(value)) for name, value in parameters.items()}
        neuron = dataclasses.replace(self.neuron, **means)
        g = _charts.geometry(_charts.of_unit_time(neuron))
        tau = getattr(neuron, "tau_m", 1.0)
        noise = (g.scale / g.width) ** (1.0 / g.power)
        return g.rheobase / tau, noise / np.sqrt(tau)

    def evaluate(
        self, form: str, mu: Tensor, noise: Tensor, **changed: Tensor
    ) -> tuple[Tensor, ...]:
        """(rate, std, chi) or (rate, std^2, gain); `noise` is sigma, or its square."""
        raise NotImplementedError


class Table(Source):
    """Table of the stationary statistics of a neuron, to take its place in layers.

    Parameters
    ----------
    neuron : EIF, QIF or IntegrateAndFire
        Neuron parameters: numbers; `t_ref` and `tau_m` can be arrays.
    resolution : int
        Nodes per factor e of the mean drive.
    lowest, highest : float
        Range of the table, in units of the rheobase (where that is not positive, of the
        drive that brings a neuron over it from the reset).

    Attributes
    ----------
    neuron
        The parameters.
    error : float
        Largest relative deviation from `meanfield.integrate_and_fire.stationary` in rate,
        std^2 and gain, at 300 random points where the rate exceeds 1e-9/tau_m.

    Raises
    ------
    ValueError
        If an option is out of range, or the neuron has no such table: its drift does not
        grow from its least value between reset and threshold, or does not lead back up
        from far below.
    TypeError
        If `neuron` is of another kind.

    Warns
    -----
    ValidityWarning
        If `error` exceeds 1e-3.

    Notes
    -----
    With p = mu - mu_c the distance to the rheobase and w = c sigma^m the width over which
    noise blurs it, m = 4/3 where f has a minimum (c^3 = f''), m = 1 where f is least at an
    end (c^2 = abs(f')), three charts in which everything is smooth:

    * drift, p > w: ln p and z = (w/p)^(2/m), in proportion to sigma^2,
    * noise, abs(p) < w: ln w and p/w,
    * silence, p < -w: ln(-p) and z, for z ln T, as ln T ~ barrier/sigma^2.

    Bicubic splines give the mean interval T without dead time, its logarithmic derivative
    by mu, and its coefficient of variation. Rate, std, chi and gain are products of their
    exponentials, so that rate >= 0 and std >= 0; rounding apart, chi <= 1 is that of the
    neuron, and is kept. Dead time and tau_m (which scales time) are not in the table and
    can be arrays or tensors.

    abs(p) and w go from `lowest` to `highest`. Beyond, logarithms go on linearly, so as
    power laws of p and sigma; sigma = 0 is within. Rates below 1e-300 are 0. Within
    1e-12 of the rheobase, noise is at least what blurs it so far.

    Examples
    --------
    >>> import torch
    >>> from meanfield.neurons import EIF
    >>> from meanfield.nn import Table, functional as F
    >>> table = Table(EIF())
    >>> mean = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    >>> (1e3 * F.moment_activation(mean, 1.0, table).rate).round(decimals=2).tolist()  # Hz
    [0.02, 12.62, 47.82]
    >>> table.error < 1e-4
    True
    """

    def __init__(
        self,
        neuron: Any,
        *,
        resolution: int = 6,
        lowest: float = 1e-6,
        highest: float = 50.0,
    ) -> None:
        _check(neuron, resolution, lowest, highest)
        self.neuron = neuron
        self._splines = _splines(
            _charts.of_unit_time(neuron), resolution, lowest, highest
        )

    @property
    def error(self) -> float:
        """Measured after the table was made."""
        return self._splines.error

    def __deepcopy__(self, memo: dict) -> "Table":
        return self  # it never changes

    def __repr__(self) -> str:
        return f"Table({self.neuron}, error={self.error:.0e})"

    def evaluate(
        self, form: str, mu: Tensor, noise: Tensor, **changed: Tensor
    ) -> tuple[Tensor, ...]:
        """(rate, std, chi) or (rate, std^2, gain); `noise` is sigma, or its square."""
        dtype = result_type(mu, noise)
        work = torch.float32 if mu.device.type == "mps" else torch.float64
        mu, noise = mu.to(work), noise.to(work)
        t_ref, tau = (
            as_tensor(changed.get(name, getattr(self.neuron, name, 1.0)), mu).to(mu)
            for name in ("t_ref", "tau_m")
        )
        results = self._splines(form, mu, noise, t_ref, tau)
        return tuple(r.to(dtype) for r in results)


def source_of(neuron: Any) -> Source:
    """Return the table of a neuron; its splines are computed once."""
    return neuron if isinstance(neuron, Source) else Table(neuron)


@functools.lru_cache(maxsize=16)
def _splines(neuron: Any, resolution: int, lowest: float, highest: float) -> "_Splines":
    return _Splines(neuron, resolution, lowest, highest)


class _Splines:
    """The statistics of a neuron with tau_m = 1, without dead time."""

    def __init__(self, neuron, resolution, lowest, highest) -> None:
        g = self.geometry = _charts.geometry(neuron)
        low, high = math.log(g.scale * lowest), math.log(g.scale * highest)
        n = math.ceil((high - low) * resolution) + 1
        axes = _charts.Axes(
            np.linspace(0.0, 1.0, 6 * resolution + 1), np.linspace(low, high, n)
        )
        cells = _charts.coefficients(neuron, g, axes)
        self._shape = cells.shape[1:3]
        self._edges = low, high
        columns = cells.reshape(-1, 48).T
        self._cells = torch.from_numpy(np.ascontiguousarray(columns))
        self._copies: dict[torch.device, Tensor] = {}
        self.error = self._measured(neuron)
        if self.error > _FLAWED:
            warnings.warn(
                f"the table of {neuron} is off by up to a relative {self.error:.1e}: the "
                "statistics change too quickly for it; take a higher `resolution`",
                ValidityWarning,
                stacklevel=5,
            )

    def _measured(self, neuron) -> float:
        """Largest relative deviation from the solution, at random points."""
        rng = np.random.default_rng(0)
        chart, across = np.arange(300) % 3, rng.uniform(size=300)
        along = rng.uniform(*self._edges, 300)
        drawn = [_charts.points(self.geometry, c, across, along) for c in range(3)]
        mu, sigma = (np.choose(chart, values) for values in zip(*drawn, strict=True))
        exact = stationary(mu, sigma, neuron)
        inputs = torch.from_numpy(mu), torch.from_numpy(sigma**2)
        one = torch.ones((), dtype=torch.float64)
        mine = [r.numpy() for r in self("map", *inputs, 0.0 * one, one)]
        often = exact.rate > _RARE
        wanted = exact.rate, exact.std**2, exact.gain
        pairs = [(m[often], w[often]) for m, w in zip(mine, wanted, strict=True)]
        return max(float(np.max(np.abs(m - w) / w)) for m, w in pairs)

    def __call__(self, form: str, mu, noise, t_ref, tau) -> tuple[Tensor, ...]:
        variance = noise * noise if form == "activation" else noise
        # a negative noise is none
        variance = torch.where(noise < 0.0, torch.nan, variance) * tau
        p = mu * tau - self.geometry.rheobase
        (time, slope, K), drift = self._statistics(p, variance)
        alone = torch.exp(-time.clamp(min=-600.0)) / tau
        fired = 1.0 / (1.0 + t_ref * alone)
        slope = slope * tau
        if form == "map":
            spread = torch.where(drift, variance, 1.0)
            rate = alone * fired
            return rate, rate * (fired * K) ** 2 * spread, rate * fired * slope
        root = torch.exp(-0.5 * time.clamp(min=-600.0)) * torch.sqrt(fired / tau)
        # std = root fired cv and chi = sigma root slope/cv, where cv = sigma K
        scale = noise * torch.sqrt(tau)
        std = root * fired * K * torch.where(drift, scale, 1.0)
        chi = root * slope / K * torch.where(drift, 1.0 / torch.sqrt(tau), noise)
        return alone * fired, std, chi.clamp(max=1.0)

    def _statistics(self, p: Tensor, variance: Tensor):
        """Return ln T, -d ln T/d mu and K: cv/sigma under strong drift, and cv else."""
        g = self.geometry
        huge, least = (1e30, 1e-12) if p.dtype == torch.float32 else (1e100, 1e-12)
        least = least * g.scale
        size = p.abs().clamp(least, huge)
        reach = size**g.order
        blur = (g.spread * variance).clamp(max=huge)
        noisy = (blur > reach) | (p.abs() < least)
        drift, silent = ~noisy & (p > 0.0), ~noisy & (p <= 0.0)
        # Every branch stays finite where it is not taken: its slope is multiplied by 0.
        width = torch.where(noisy, blur.clamp(min=least**g.order), 1.0) ** (
            1.0 / g.order
        )
        z = torch.where(noisy, 1.0, blur / torch.where(noisy, 1.0, reach))
        bent = torch.where(silent, (z - _charts.LEAST) / (1.0 - _charts.LEAST), z)
        bent = torch.log1p(_charts.BEND * bent) / _charts.FOLD
        middle = 0.5 + 0.5 * torch.where(noisy, p / width, 0.0)
        across = torch.where(noisy, middle, bent)
        along = torch.log(torch.where(noisy, width, size))
        chart = torch.where(drift, _charts.DRIFT, torch.where(noisy, _charts.NOISE, 2))
        time, slope, K = self._polynomials(chart, across, along)
        # Rates underflow below z = 1e-4.
        far = torch.where(silent, z.clamp(min=1e-4), 1.0)
        return (time / far, torch.exp(slope) / far, torch.exp(K)), drift

    def _polynomials(
        self, chart: Tensor, across: Tensor, along: Tensor
    ) -> list[Tensor]:
        (low, high), (rows, columns) = self._edges, self._shape
        # vmap takes no index without dimensions
        chart, across, along = (t.unsqueeze(-1) for t in (chart, across, along))
        u, i = _place(across * rows, rows)
        v, j = _place((along - low) * (columns / (high - low)), columns)
        index = (chart * rows + i) * columns + j
        cells = self._on(across)

        def row(k: int) -> Tensor:
            total = cells[k][index]
            for m in (1, 2, 3):
                total = torch.addcmul(total, cells[k + m][index], v[m - 1])
            return total

        def value(k: int) -> Tensor:
            total = row(k)
            for m in (1, 2, 3):
                total = torch.addcmul(total, row(k + 4 * m), u[m - 1])
            return total

        return [value(16 * q).squeeze(-1) for q in range(3)]

    def _on(self, like: Tensor) -> Tensor:
        """Coefficients on the device of a tensor."""
        if like.device.type == "cpu":
            return self._cells
        found = self._copies.get(like.device)
        if found is None:
            found = self._cells.to(like.device, like.dtype)
            if not torch.compiler.is_compiling():
                self._copies[like.device] = found
        return found


def _place(x: Tensor, cells: int) -> tuple[list[Tensor], Tensor]:
    """Powers 1 to 3 of the place in a unit cell, the tangent beyond all; and the cell."""
    cell = x.detach().floor().nan_to_num(0.0).clamp(0, cells - 1)
    u = x - cell
    inside = u.clamp(0.0, 1.0)
    beyond = u - inside
    powers = [inside**k + k * beyond * inside ** (k - 1) for k in (2, 3)]
    return [u, *powers], cell.long()


def check_kind(neuron: Any) -> None:
    """Raise an error for what is not a neuron of these kinds."""
    if type(neuron) not in _charts.KINDS:
        raise TypeError(
            "`neuron` must be an LIF, EIF, QIF, IntegrateAndFire, Table or Solver; got "
            f"{type(neuron).__name__}"
        )


def _check(neuron: Any, resolution: int, lowest: float, highest: float) -> None:
    check_kind(neuron)
    for name, value in _charts.shape_parameters(neuron).items():
        if isinstance(value, Tensor) or np.ndim(value):
            raise TypeError(
                f"`{name}` of a neuron with a table must be a number; got "
                f"{type(value).__name__}: make one table for each value"
            )
    if resolution < 1:
        raise ValueError(f"`resolution` must be at least 1; got {resolution}")
    if not 0.0 < lowest < highest:
        raise ValueError(
            "`lowest` must be positive and below `highest`; got "
            f"lowest={lowest}, highest={highest}"
        )
