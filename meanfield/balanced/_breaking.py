"""Stimuli that a network cannot balance."""

import numpy as np
import numpy.typing as npt

from ._classify import Scaled
from ._problem import weights


def breaking_stimulus(W: npt.ArrayLike) -> np.ndarray:
    """Construct a positive stimulus that the network cannot balance.

    Parameters
    ----------
    W : array_like, (n, n)
        Invertible weights.

    Returns
    -------
    numpy.ndarray, (n,)
        X > 0 for which -W^-1 X has a negative element.

    Raises
    ------
    ValueError
        If `W` is singular, where no generic stimulus is balanced; or if -W^-1 has no
        negative element, where every X >= 0 is: networks of inhibition from each
        population to one only.
    TypeError
        If `W` is not an array of real numbers.

    Notes
    -----
    Let e be an excitatory population, and w_e >= 0 the column of its weights. The stimulus
    X = w_e has -W^-1 X = -u_e, a rate of -1 in e: drive the network with the pattern that e
    itself would produce. Where w_e has zeros, a small amount of equal drive for all makes
    X positive, and the rate at most -1/2. The proof is in the theory pages. Weights
    without an excitatory column need a negative element (a, b) of -W^-1, and drive of b.

    References
    ----------
    .. [1] C. Baker, V. Zhu, R. Rosenbaum, PLoS Comput. Biol. 16, e1008192 (2020),
       doi:10.1371/journal.pcbi.1008192

    Examples
    --------
    >>> from meanfield.balanced import balanced_state
    >>> W = np.array([[2.0, -3.0], [9.0, -5.0]])
    >>> X = breaking_stimulus(W)
    >>> X, balanced_state(W, X).negative
    (array([2., 9.]), (0,))
    """
    W = weights(W)
    scaled = Scaled.of(W, np.zeros(len(W)))
    if np.linalg.cond(scaled.A) > 1 / np.finfo(float).eps:
        raise ValueError("`W` must be invertible: a singular one balances no generic X")
    inverse = np.linalg.inv(scaled.A) / scaled.rows * scaled.rate[:, None]
    excitatory = np.flatnonzero(np.all(W >= 0, axis=0))
    if excitatory.size:
        positive_columns = np.all(W > 0, axis=0)
        e = max(excitatory, key=lambda a: positive_columns[a])
        X, worst = W[:, e].copy(), e
        response = -1.0
    else:
        worst, b = np.unravel_index(np.argmax(inverse), inverse.shape)
        response = -inverse[worst, b]
        if response >= -1e-12 * np.abs(inverse).max():
            raise ValueError(
                "`W` must let some positive stimulus make a rate negative; -W^-1 has no "
                "negative element, so every X >= 0 is balanced"
            )
        X = np.eye(len(W))[b]
    if np.all(X > 0):
        return X
    equal = inverse[worst].sum()
    return X + 0.5 * abs(response) / max(abs(equal), abs(response) / 2)
