"""The elementwise kernels behind the public functions."""

from ._formulas import (
    scaled_G,
    scaled_g,
    scaled_H,
    scaled_h,
    times_exp_square,
)
from ._jit import kernel


@kernel
def g_scaled(x, out):
    for i in range(x.size):
        out[i] = scaled_g(x[i])


@kernel
def G_scaled(x, out):
    for i in range(x.size):
        out[i] = scaled_G(x[i])


@kernel
def h_scaled(x, out):
    for i in range(x.size):
        out[i] = scaled_h(x[i])


@kernel
def H_scaled(x, out):
    for i in range(x.size):
        out[i] = scaled_H(x[i])


@kernel
def g(x, out):
    for i in range(x.size):
        value = scaled_g(x[i])
        out[i] = times_exp_square(value, x[i], 1.0) if x[i] > 0.0 else value


@kernel
def G(x, out):
    for i in range(x.size):
        value = scaled_G(x[i])
        out[i] = times_exp_square(value, x[i], 1.0) if x[i] > 0.0 else value


@kernel
def h(x, out):
    for i in range(x.size):
        value = scaled_h(x[i])
        out[i] = times_exp_square(value, x[i], 2.0) if x[i] > 0.0 else value


@kernel
def H(x, out):
    for i in range(x.size):
        value = scaled_H(x[i])
        out[i] = times_exp_square(value, x[i], 2.0) if x[i] > 0.0 else value
