"""The drift f(V) of each neuron, dV = (f(V) + mu) dt + sigma dW, for the kernels."""

import math

from ..special._jit import jitable

LEAKY, EXPONENTIAL, QUADRATIC, GIVEN = range(4)

# Columns of the parameters that kernels get for every neuron.
TAU_M, T_REF, V_TH, V_RESET, E_LEAK, V_SOFT, DELTA = range(7)
COLUMNS = 7


@jitable
def collect(p, j, tau_m, t_ref, V_th, V_reset, E_L, V_T, Delta_T):
    """Write the parameters of neuron `j` into `p`."""
    p[TAU_M], p[T_REF], p[V_TH], p[V_RESET] = tau_m[j], t_ref[j], V_th[j], V_reset[j]
    p[E_LEAK], p[V_SOFT], p[DELTA] = E_L[j], V_T[j], Delta_T[j]


@jitable
def drift(kind, f, p, V):
    """f(V) [mV/ms]; `p` are the parameters of one neuron."""
    if kind == GIVEN:
        return f(V)
    if kind == QUADRATIC:
        return (V - p[E_LEAK]) * (V - p[V_SOFT]) / (p[TAU_M] * (p[V_SOFT] - p[E_LEAK]))
    leak = -(V - p[E_LEAK]) / p[TAU_M]
    if kind == LEAKY:
        return leak
    return leak + p[DELTA] / p[TAU_M] * math.exp((V - p[V_SOFT]) / p[DELTA])


@jitable
def drift_slopes(kind, f, p, V, out):
    """Write the derivatives of f(V) with respect to the parameters, by columns."""
    out[:] = 0.0
    if kind == QUADRATIC:
        a, b, w = V - p[E_LEAK], V - p[V_SOFT], p[V_SOFT] - p[E_LEAK]
        out[TAU_M] = -a * b / (p[TAU_M] ** 2 * w)
        out[E_LEAK] = b * b / (p[TAU_M] * w * w)
        out[V_SOFT] = -a * a / (p[TAU_M] * w * w)
    elif kind != GIVEN:
        out[E_LEAK] = 1.0 / p[TAU_M]
        out[TAU_M] = -drift(kind, f, p, V) / p[TAU_M]
        if kind == EXPONENTIAL:
            x = (V - p[V_SOFT]) / p[DELTA]
            grown = math.exp(x) / p[TAU_M]
            out[V_SOFT] = -grown
            out[DELTA] = (1.0 - x) * grown
