"""Rate models: tau dr/dt = -r + f(W r + X)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ..neurons._base import Parameters
from ._transfer import CustomTransfer, ThresholdLinear, Transfer

Spectrum = npt.NDArray[np.complex128]
_LINEAR = ThresholdLinear()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateModel(Parameters):
    """Populations with tau dr/dt = -r + f(W r + X).

    Parameters
    ----------
    W : array_like, (..., n, n)
        Weights, from column to row; inhibition is negative. Leading axes are a batch of
        models, which `integrate` solves together.
    X : array_like, (..., n), or callable
        External input; or a function of the time that returns it, for `integrate`.
    f : transfer function, callable, or a sequence of n of them
        Rate at a constant input; see `ThresholdLinear`, `PowerLaw`, `Sigmoid`, `LIFRate`.
        A plain callable becomes a `CustomTransfer`, of unknown range.
    tau : array_like, (..., n)
        Time constants, in the unit of time [ms]; positive.

    Raises
    ------
    ValueError
        If `W` is not square, the shapes do not fit, a number is not finite, or a time
        constant is not positive.
    TypeError
        If `f` is no function.

    Notes
    -----
    Rates are in the unit of `f`: with `LIFRate` kHz, and then W r + X is a drive in mV/ms.

    Examples
    --------
    >>> from meanfield.rate import RateModel
    >>> model = RateModel(W=[[2.0, -3.0], [9.0, -5.0]], X=[3.0, 2.0], tau=[10.0, 5.0])
    >>> model.flow([0.0, 0.0])
    array([0.3, 0.4])
    """

    W: Any
    X: Any = 0.0
    f: Any = _LINEAR
    tau: Any = 1.0

    def __post_init__(self) -> None:
        W = _numbers("W", self.W)
        square = W.ndim >= 2 and W.shape[-1] == W.shape[-2] > 0
        require(square, "W", "must be square, (..., n, n)", str(W.shape))
        n = W.shape[-1]
        object.__setattr__(self, "W", _constant(W))
        if not callable(self.X):
            object.__setattr__(self, "X", _constant(as_rates("X", self.X, n)))
        tau = as_rates("tau", self.tau, n)
        require(tau > 0, "tau", "must be positive (ms)", tau)
        object.__setattr__(self, "tau", _constant(tau))
        object.__setattr__(self, "f", _transfer(self.f, n))
        _ = self.shape

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RateModel):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple:
        X = self.X if callable(self.X) else (self.X.shape, self.X.tobytes())
        W, tau = self.W, self.tau
        return W.shape, W.tobytes(), tau.shape, tau.tobytes(), X, self.f

    @property
    def n(self) -> int:
        """Number of populations."""
        return self.W.shape[-1]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the batch; ``()`` for one model."""
        one = () if callable(self.X) else self.X.shape[:-1]
        shapes = [self.W.shape[:-2], one, self.tau.shape[:-1]]
        if isinstance(self.f, Transfer):
            shapes.append(self.f.shape[:-1])
        try:
            return np.broadcast_shapes(*shapes)
        except ValueError:
            named = zip(("W", "X", "tau", "f"), shapes, strict=False)
            text = ", ".join(f"{name} {shape}" for name, shape in named)
            raise ValueError(
                f"the leading axes, the batch, do not broadcast: {text}"
            ) from None

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """The transfer function of each population."""
        if isinstance(self.f, tuple):
            return self.f
        f, n = self.f, self.n

        def part(k: int) -> Transfer:
            return f.mapped(lambda v: np.broadcast_to(v, (*v.shape[:-1], n))[..., k])

        return tuple(part(k) for k in range(n))

    def input(self, rate: npt.ArrayLike, t: float = 0.0) -> np.ndarray:
        """Return W r + X, (..., n)."""
        return input_of(self, as_rates("rate", rate, self.n), t)

    def flow(self, rate: npt.ArrayLike, t: float = 0.0) -> np.ndarray:
        """Return dr/dt, (..., n)."""
        return flow_of(self, as_rates("rate", rate, self.n), t)

    def jacobian(self, rate: npt.ArrayLike, t: float = 0.0) -> np.ndarray:
        """Return the derivative of `flow`, (..., n, n), at the rates."""
        return jacobian_of(self, as_rates("rate", rate, self.n), t)


def feedforward_chain(
    weights: Sequence[npt.ArrayLike],
    rate: npt.ArrayLike,
    *,
    f: Any = _LINEAR,
    tau: npt.ArrayLike = 1.0,
) -> RateModel:
    """Layers of populations, each driven by the layer before.

    Parameters
    ----------
    weights : sequence of array_like
        ``weights[k]``, of shape (populations of layer k + 1, populations of layer k).
    rate : array_like, (populations of layer 0,)
        Rates of layer 0, which are given.
    f, tau
        As for `RateModel`, with the populations of all layers from 1 on in a row.

    Returns
    -------
    RateModel
        Of layers 1, 2, ...; its fixed point is r_{k+1} = f(W_k r_k).

    Raises
    ------
    ValueError
        If the shapes of the layers do not fit together.

    Examples
    --------
    The input to neurons from 800 excitatory and 200 inhibitory ones, connected with
    probability 0.1 and weights of 0.2 and -0.9 mV, that fire at 5 and 10 Hz:

    >>> from meanfield.rate import LIFRate, feedforward_chain, fixed_points
    >>> from meanfield.rate import mean_field_weights
    >>> W = mean_field_weights([800, 200], 0.1, [[0.2, -0.9]])
    >>> W
    array([[ 16., -18.]])
    >>> chain = feedforward_chain([W], [0.005, 0.01], f=LIFRate(sigma=2.0))
    >>> chain.X
    array([-0.1])
    """
    if not len(weights):
        raise ValueError("`weights` must hold at least one matrix; got none")
    matrices = [_numbers(f"weights[{k}]", w) for k, w in enumerate(weights)]
    sizes = [matrices[0].shape[-1], *(m.shape[0] for m in matrices)]
    for k, matrix in enumerate(matrices):
        fits = matrix.ndim == 2 and matrix.shape[1] == sizes[k]
        condition = f"must have one column for each of the {sizes[k]} populations below"
        require(fits, f"weights[{k}]", condition, str(matrix.shape))
    ends = np.cumsum(sizes[1:])
    W = np.zeros((ends[-1], ends[-1]))
    for k, matrix in enumerate(matrices[1:]):
        start = ends[k] - sizes[k + 1]
        W[ends[k] : ends[k + 1], start : ends[k]] = matrix
    X = np.zeros(ends[-1])
    X[: sizes[1]] = matrices[0] @ as_rates("rate", rate, sizes[0])
    return RateModel(W=W, X=X, f=f, tau=tau)


def mean_field_weights(
    sizes: npt.ArrayLike, probability: npt.ArrayLike, weight: npt.ArrayLike
) -> np.ndarray:
    """Weights of populations from those of neurons, w_ab = N_b p_ab j_ab.

    Parameters
    ----------
    sizes : array_like, (n,)
        Neurons in each presynaptic population.
    probability : array_like, (m, n)
        Probability that two neurons are connected, from column to row.
    weight : array_like, (m, n)
        Strength of their synapse, e.g. the jump of the voltage in mV.

    Returns
    -------
    numpy.ndarray, (m, n)
        Mean input per presynaptic rate: I_a = sum_b w_ab r_b.

    Raises
    ------
    ValueError
        If a size is negative or a probability is not one.

    Examples
    --------
    >>> from meanfield.rate import mean_field_weights
    >>> mean_field_weights([4000, 1000], 0.1, [[0.1, -0.5], [0.1, -0.5]])
    array([[ 40., -50.],
           [ 40., -50.]])
    """
    sizes, p = _numbers("sizes", sizes), _numbers("probability", probability)
    require(sizes >= 0, "sizes", "must not be negative", sizes)
    require((p >= 0) & (p <= 1), "probability", "must be in [0, 1]", p)
    return sizes * p * _numbers("weight", weight)


def apply(f: Any, x: np.ndarray, what: str = "_value") -> np.ndarray:
    """Value or slope of one transfer function or a tuple of them, over the last axis."""
    if isinstance(f, Transfer):
        return np.asarray(getattr(f, what)(x))
    out = np.empty(x.shape)
    for one in set(f):  # populations that share a function share a call
        same = [k for k, other in enumerate(f) if other == one]
        out[..., same] = getattr(one, what)(x[..., same])
    return out


def input_of(model: RateModel, rate: np.ndarray, t: float = 0.0) -> np.ndarray:
    """Return W r + X of rates known to be good."""
    X = model.X(t) if callable(model.X) else model.X
    return recurrent(model.W, rate) + X


def flow_of(model: RateModel, rate: np.ndarray, t: float = 0.0) -> np.ndarray:
    """Return dr/dt of rates known to be good."""
    return (apply(model.f, input_of(model, rate, t)) - rate) / model.tau


def jacobian_of(model: RateModel, rate: np.ndarray, t: float = 0.0) -> np.ndarray:
    """Return d(dr/dt)/dr of rates known to be good."""
    slope = apply(model.f, input_of(model, rate, t), "_slope")
    return (slope[..., None] * model.W - np.eye(model.n)) / model.tau[..., None]


def spectrum(jacobian: np.ndarray) -> Spectrum:
    """Return the eigenvalues, the largest real part first."""
    values = np.linalg.eigvals(jacobian).astype(np.complex128)
    return values[np.lexsort((-values.imag, -values.real))]


def recurrent(W: np.ndarray, rate: np.ndarray) -> np.ndarray:
    if W.ndim == 2:
        return rate @ W.T
    return np.einsum("...ij,...j->...i", W, rate)


def _numbers(name: str, value: Any) -> np.ndarray:
    array = as_float(name, value).astype(np.float64)
    require(np.isfinite(array), name, "must be finite", array)
    return array


def as_rates(name: str, value: Any, n: int) -> np.ndarray:
    """Finite numbers, one for each of n populations on the last axis."""
    array = _numbers(name, value)
    fits = array.ndim == 0 or array.shape[-1] in (1, n)
    require(fits, name, f"must have the {n} populations as last axis", str(array.shape))
    return np.broadcast_to(array, (*array.shape[:-1], n)).copy()


def _constant(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _transfer(f: Any, n: int) -> Transfer | tuple[Transfer, ...]:
    if isinstance(f, Transfer):
        fits = not f.shape or f.shape[-1] in (1, n)
        condition = f"must have parameters for {n} populations as last axis"
        require(fits, "f", condition, str(f.shape))
        return f
    if isinstance(f, type):
        raise TypeError(f"`f` must be an instance: {f.__name__}(), not {f.__name__}")
    if callable(f):
        return CustomTransfer(function=f, lower=-np.inf)
    try:
        parts = tuple(f)
    except TypeError:
        parts = ()
    if not parts or not all(map(callable, parts)):
        raise TypeError(
            "`f` must be a transfer function, a callable, or a sequence of them; got "
            f"{type(f).__name__}"
        )
    require(len(parts) == n, "f", f"must have one function for each of {n}", len(parts))
    return tuple(_transfer(part, 1) for part in parts)  # type: ignore[misc]
