"""Weights at which inhibitory plasticity rests, and how fast it gets there."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ._rules import Plastic, Rules, network, plastic


@dataclass(frozen=True)
class FixedPoint:
    """Where plasticity comes to rest; see `fixed_point`.

    Attributes
    ----------
    W : numpy.ndarray, shape (n, n)
        Connection strengths.
    rate : numpy.ndarray, shape (n,)
        Rates [kHz].
    eigenvalues : numpy.ndarray
        Of the linearized learning [1/ms], slowest first.
    tau : float
        Time constant of the approach [ms]; infinite where it does not end.
    stable : bool
        Whether learning approaches this state.
    free : int
        Dimension of the set of such states: 0 if each population has one plastic entry.
    message : str
        What was found, in words.
    """

    W: np.ndarray
    rate: np.ndarray
    eigenvalues: np.ndarray
    tau: float
    stable: bool
    free: int
    message: str


def fixed_point(
    W: npt.ArrayLike,
    X: npt.ArrayLike,
    rules: Rules,
    *,
    gain: npt.ArrayLike = 1.0,
    size: float = math.inf,
    threshold: npt.ArrayLike = 0.0,
    unit: npt.ArrayLike | None = None,
    traces: bool = True,
) -> FixedPoint:
    """Weights at which plastic inhibition holds all rates at their targets.

    Parameters
    ----------
    W : array_like, shape (n, n)
        Strength of connections to population a (row) from b (column), negative for
        inhibition: the mean input is W r + X. Plastic entries are where learning begins.
    X : array_like, shape (n,)
        External input, in the unit of W times kHz.
    rules : mapping
        The `neurons.InhibitoryPlasticity` of plastic entries (row, column) of W.
    gain, threshold : array_like, shape () or (n,), optional
        Neurons fire at gain (input - threshold), where that is positive.
    size : float, optional
        Number N of neurons, of a network whose input is sqrt(N) (W r + X); by default
        the limit of large networks, in which gain and threshold do not matter.
    unit : array_like, shape () or (n, n), optional
        W of connections whose weight is one. Additive rules need it.
    traces : bool, optional
        Whether eigenvalues know that traces lag behind the rates by the rule's `tau`.

    Returns
    -------
    FixedPoint
        ``W``, ``rate``, ``eigenvalues``, ``tau``, ``stable``, ``free``, ``message``.

    Raises
    ------
    ValueError
        If arguments do not fit, or the targets cannot be reached, with the reason: an
        inhibition would have to excite, a population without a target would need a
        negative rate, or no gains make the state stable.
    TypeError
        If an argument is not real, or `rules` holds something else.

    Notes
    -----
    Rates r = (L - W)^-1 X follow the weights, with L = 1/(gain sqrt(N)) and the threshold
    over sqrt(N) taken off X. Weights change by

    dW_ab/dt = -2 g_ab r_b (r_a - r0_a),

    g = eta unit (additive [1]_) or eta abs(W) (multiplicative), but for correlations of
    single pairs. They rest at r_a = r0_a:

    W_ab* = (L_a r0_a - X_a - sum_c W_ac r_c)/r_b over all c but b,

    with the rates of populations without plastic inputs such that their own input
    vanishes. Where a population has several plastic inputs, states at rest form a set
    (`free`); the one given scales all of its plastic inputs by one factor.

    The linearization is d(dW_k)/dt = -2 g_k r_b sum_l (A^-1)_{a_k a_l} r_{b_l} dW_l with
    A = L - W* and k, l the plastic entries; with traces, dx/dt = (r - x)/tau enter as
    further variables. `tau` is 1/min(-Re eigenvalue) without the `free` zeros. Exact for
    linear rates; against spikes the theory is that of infinite networks (docs/theory has
    the bias).

    References
    ----------
    .. [1] T. P. Vogels, H. Sprekeler, F. Zenke, C. Clopath, W. Gerstner, Science 334, 1569
       (2011), doi:10.1126/science.1211095

    Examples
    --------
    >>> from meanfield.neurons import InhibitoryPlasticity
    >>> from meanfield.plasticity import fixed_point
    >>> rule = {"tau": 200.0, "multiplicative": True}
    >>> found = fixed_point([[30.0, -45.0], [135.0, -75.0]], [0.4, 0.3], {
    ...     (0, 1): InhibitoryPlasticity(eta=3.0, target=0.008, **rule),
    ...     (1, 1): InhibitoryPlasticity(eta=2.0, target=0.010, **rule)})
    >>> found.W.round(6)
    array([[  30.,  -64.],
           [ 135., -138.]])
    >>> round(found.tau / 1e3, 2), found.stable  # [s]
    (2.7, True)
    """
    start, X, leak = network(W, X, gain, size, threshold)
    entries = plastic(rules, start, unit)
    found = rest(start, X, leak, entries, traces)
    entries.check_step(found.rate)
    return found


def rest(
    W: np.ndarray, X: np.ndarray, leak: np.ndarray, entries: Plastic, traces: bool
) -> FixedPoint:
    """`fixed_point` of checked arrays."""
    rate = _rates(W, X, leak, entries)
    end = _weights(W, X, leak, entries, rate)
    A = np.diag(leak) - end
    _check_state(A)
    to, source = entries.entries
    by_weight = np.linalg.inv(A)[:, to] * rate[source]
    return result(end, rate, by_weight, entries, traces)


def result(
    W: np.ndarray,
    rate: np.ndarray,
    by_weight: np.ndarray,
    entries: Plastic,
    traces: bool,
) -> FixedPoint:
    """How learning behaves about W, for derivatives of the rates by its plastic entries."""
    eigenvalues = np.linalg.eigvals(_jacobian(by_weight, W, rate, entries, traces))
    eigenvalues = eigenvalues[np.argsort(np.abs(eigenvalues))]
    free = len(entries.to) - np.unique(entries.to).size
    moving = eigenvalues[free:]
    moving = moving[np.argsort(-moving.real, kind="stable")]
    decay = -float(moving.real[0])
    stable = decay > 0.0
    return FixedPoint(
        W=W,
        rate=rate,
        eigenvalues=np.concatenate([0.0 * eigenvalues[:free], moving]),
        tau=1.0 / decay if stable else np.inf,
        stable=stable,
        free=free,
        message=_message(stable, decay, free),
    )


def _rates(W, X, leak, entries: Plastic) -> np.ndarray:
    """Targets, and what the others then fire at."""
    rate = np.zeros(len(X))
    rate[entries.to] = entries.target
    others = np.setdiff1d(np.arange(len(X)), entries.to)
    if others.size:
        drive = X[others] + W[others] @ rate
        own = np.diag(leak[others]) - W[np.ix_(others, others)]
        try:
            rate[others] = np.linalg.solve(own, drive)
        except np.linalg.LinAlgError:
            raise ValueError(
                f"`rules` must make inputs of populations {others.tolist()} plastic, or "
                "their connections be such that rates follow from input: they are singular"
            ) from None
        for a in others:
            if not rate[a] > 0.0:
                raise ValueError(
                    f"the targets cannot be reached: population {a}, which has none, would "
                    f"have to fire at {1e3 * rate[a]:.4g} Hz. Choose other targets, or "
                    "another input X"
                )
    return rate


def _weights(W, X, leak, entries: Plastic, rate) -> np.ndarray:
    """W with the plastic entries of each row scaled to cancel its drive."""
    end = W.copy()
    end[entries.entries] = 0.0
    drive = end @ rate + X - leak * rate
    for a in np.unique(entries.to):
        sources = entries.source[entries.to == a]
        if not drive[a] > 0.0:
            raise ValueError(
                f"the targets cannot be reached: without its plastic inputs population {a} "
                f"has the drive {drive[a]:.4g}, which inhibition must cancel and which is "
                f"not positive: W[{a}, {sources[0]}] would have to excite. Lower the "
                "target, or give more input X"
            )
        shape = W[a, sources] if W[a, sources].any() else -np.ones(sources.size)
        end[a, sources] = -drive[a] * shape / (shape @ rate[sources])
    return end


def _check_state(A: np.ndarray) -> None:
    sign, _ = np.linalg.slogdet(A / np.abs(A).max())
    if np.linalg.cond(A) > 1.0 / np.finfo(float).eps:
        sign = 0.0
    if sign > 0.0:
        return
    why = "are not isolated" if sign == 0.0 else "are unstable, whatever the gains"
    raise ValueError(
        f"the targets cannot be reached: rates at these weights {why} "
        f"(det(L - W) is {'zero' if sign == 0.0 else 'negative'}). Choose another input X "
        "or other connections that are not plastic"
    )


def _jacobian(by_weight, W, rate, entries: Plastic, traces: bool) -> np.ndarray:
    """Of the plastic entries of W, and of the traces of targets and sources."""
    to, source = entries.entries
    of_post, of_pre = by_weight[to], by_weight[source]
    speed = -entries.size_rate(W)[:, None]
    r_pre, r_post = rate[source][:, None], rate[to][:, None]
    if not traces:
        return 2.0 * speed * r_pre * of_post
    k, eye = len(to), np.eye(len(to))
    decay = 1.0 / entries.tau[:, None]
    zero = np.zeros((k, k))
    return np.block([
        [speed * (r_pre * of_post - r_post * of_pre), speed * r_pre * eye,
         speed * r_post * eye],
        [decay * of_post, -decay * eye, zero],
        [decay * of_pre, zero, -decay * eye],
    ])  # fmt: skip


def _message(stable: bool, decay: float, free: int) -> str:
    text = (
        f"rates at their targets, approached in {1e-3 / decay:.3g} s"
        if stable
        else "rates at their targets, but learning leads away: choose other learning "
        "rates"
    )
    more = f"; one of a {free}-dimensional set of weights" if free else ""
    return text + more
