"""Vectorised arithmetic for the clocked schemes: normals and updates, lane by lane.

Every loop here runs over lanes (neurons) with nothing but arithmetic and selects in its
body, so that LLVM turns it into SIMD code. Constants are typed float32 or uint32: one
untyped literal would widen the whole loop to 64 bits.
"""

import math
from typing import NamedTuple

import numpy as np

from ._jit import inlined, kernel

__all__ = ["Lanes", "draw", "update"]

_F = np.float32
_U = np.uint32
_I = np.int32

_ONE, _HALF = _F(1.0), _F(0.5)
_UNIT24 = _F(2.0**-24)
_UNIT30 = _F(math.pi / 2 * 2.0**-30)
_QUARTER_PI = _F(math.pi / 4)
_LN2 = _F(math.log(2.0))
_SQRT2 = _F(math.sqrt(2.0))
_EXPONENT_BIAS = _I(127)
_MANTISSA = _I(0x007FFFFF)
_ONE_BITS = _I(0x3F800000)
_SWAP, _SIGN, _ANGLE = _U(1 << 31), _U(1 << 30), _U((1 << 30) - 1)
# Series of atanh(s)/s, |s| <= 3 - 2 sqrt(2); of sin and cos, |x| <= pi/4. The first
# term left out is below 1e-7 of the sum.
_L3, _L5, _L7 = _F(2 / 3), _F(2 / 5), _F(2 / 7)
_S3, _S5, _S7 = _F(-1 / 6), _F(1 / 120), _F(-1 / 5040)
_C2, _C4, _C6, _C8 = _F(-1 / 2), _F(1 / 24), _F(-1 / 720), _F(1 / 40320)
_TWO, _ZERO = _F(2.0), _F(0.0)


class Lanes(NamedTuple):
    """State and coefficients of neurons side by side; arrays over lanes.

    x: V - V_th; wait: refractory steps to go; history: spikes of a chunk, one bit to a
    step; words: (4, lanes) xoshiro128+; decay, drift, noise, reset: coefficients of a
    step; n_ref: refractory steps; z: (2, lanes) normals; last: step of the last spike;
    who: number of the lane's neuron; n: (2,) steps made, and lanes in use.
    """

    x: np.ndarray
    wait: np.ndarray
    history: np.ndarray
    words: np.ndarray
    decay: np.ndarray
    drift: np.ndarray
    noise: np.ndarray
    reset: np.ndarray
    n_ref: np.ndarray
    z: np.ndarray
    last: np.ndarray
    who: np.ndarray
    n: np.ndarray


@kernel
def draw(words, z, n):
    """Fill z[:, :n] with standard normals (Box, Muller 1958), two to a lane.

    Uniforms have 24 bits: the tails end at 5.77 SD, which is missed by 8e-9 of all
    steps. The generator is xoshiro128+ (Blackman, Vigna 2021, doi:10.1145/3460772),
    whose lowest bits are weak and unused.
    """
    s0, s1, s2, s3 = words[0], words[1], words[2], words[3]
    first, second = z[0], z[1]
    for l in range(n):
        a, b, c, d = s0[l], s1[l], s2[l], s3[l]
        u = _U(a + d)
        t = _U(b << _U(9))
        c = _U(c ^ a)
        d = _U(d ^ b)
        b = _U(b ^ c)
        a = _U(a ^ d)
        c = _U(c ^ t)
        d = _U(_U(d << _U(11)) | _U(d >> _U(21)))
        v = _U(a + d)
        t = _U(b << _U(9))
        c = _U(c ^ a)
        d = _U(d ^ b)
        b = _U(b ^ c)
        a = _U(a ^ d)
        c = _U(c ^ t)
        d = _U(_U(d << _U(11)) | _U(d >> _U(21)))
        s0[l], s1[l], s2[l], s3[l] = a, b, c, d
        # Radius: sqrt(-2 ln p) with p = (k + 1)/2^24 in (0, 1].
        p = _F(_F(_I(_I(u >> _U(8)) + _I(1))) * _UNIT24)
        bits = np.float32(p).view(np.int32)
        e = _I(_I(bits >> _I(23)) - _EXPONENT_BIAS)
        m = np.int32(_I(bits & _MANTISSA) | _ONE_BITS).view(np.float32)
        high = m > _SQRT2
        m = m * _HALF if high else m
        power = _F(e) + (_ONE if high else _ZERO)
        s = (m - _ONE) / (m + _ONE)
        s2_ = s * s
        log = s * (_TWO + s2_ * (_L3 + s2_ * (_L5 + s2_ * _L7))) + power * _LN2
        radius = math.sqrt(max(-_TWO * log, _ZERO))
        # Angle: an eighth of the circle around an axis, which axis by two more bits.
        x = _F(_I(v & _ANGLE)) * _UNIT30 - _QUARTER_PI
        x2 = x * x
        sine = x * (_ONE + x2 * (_S3 + x2 * (_S5 + x2 * _S7)))
        cosine = _ONE + x2 * (_C2 + x2 * (_C4 + x2 * (_C6 + x2 * _C8)))
        cosine = -cosine if _U(v & _SIGN) != _U(0) else cosine
        swap = _U(v & _SWAP) != _U(0)
        first[l] = radius * (sine if swap else cosine)
        second[l] = radius * (cosine if swap else sine)


@inlined
def update(lanes, z, bit, n):
    """One step of the first n lanes; spikes set `bit` of the history.

    A lane that spikes is put to reset and held there for n_ref steps more.
    """
    x, wait, history = lanes.x, lanes.wait, lanes.history
    decay, drift, noise = lanes.decay, lanes.drift, lanes.noise
    reset, n_ref = lanes.reset, lanes.n_ref
    for l in range(n):
        held = wait[l] > _I(0)
        v = decay[l] * x[l] + drift[l] + noise[l] * z[l]
        spiked = (v >= _ZERO) & (not held)
        x[l] = reset[l] if (spiked | held) else v
        wait[l] = n_ref[l] if spiked else max(_I(wait[l] - _I(1)), _I(0))
        history[l] = _U(history[l] | (bit if spiked else _U(0)))
