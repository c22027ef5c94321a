"""Closed forms of the leaky neuron at finite frequency, by parabolic cylinder functions."""

import mpmath as mp

import meanfield as mf


def _scaled(neuron, mu, sigma):
    """Return membrane time, D [mV^2], and rest, threshold and reset from E_L [mV]."""
    tau = mp.mpf(float(neuron.tau_m))
    D = mp.mpf(sigma) ** 2 * tau / 2
    V_th, V_reset = (
        mp.mpf(float(V - neuron.E_L)) for V in (neuron.V_th, neuron.V_reset)
    )
    return tau, D, mp.mpf(mu) * tau, V_th, V_reset


def transform(neuron, s, mu, sigma):
    """E exp(-s T) of the interval, dead time included."""
    with mp.workdps(40):
        tau, D, rest, V_th, V_reset = _scaled(neuron, mu, sigma)
        s = mp.mpmathify(s)
        gap = (V_reset**2 - V_th**2 + 2 * rest * (V_th - V_reset)) / (4 * D)
        ratio = mp.pcfd(-s * tau, (rest - V_reset) / mp.sqrt(D)) / mp.pcfd(
            -s * tau, (rest - V_th) / mp.sqrt(D)
        )
        return complex(mp.e**gap * ratio * mp.e ** (-s * neuron.t_ref))


def response(neuron, frequency, mu, sigma):
    """Response of the rate to mu (Lindner & Schimansky-Geier 2001, eq. 9)."""
    with mp.workdps(40):
        tau, D, rest, V_th, V_reset = _scaled(neuron, mu, sigma)
        rate = mp.mpf(float(mf.firing_rate(mu, sigma, neuron))) * tau
        iw = 2j * mp.pi * mp.mpf(frequency) * tau
        gap = mp.e ** ((V_reset**2 - V_th**2 + 2 * rest * (V_th - V_reset)) / (4 * D))
        above, start = (rest - V_th) / mp.sqrt(D), (rest - V_reset) / mp.sqrt(D)
        late = mp.e ** (iw * mp.mpf(float(neuron.t_ref)) / tau)
        top = mp.pcfd(iw - 1, above) - gap * mp.pcfd(iw - 1, start)
        bottom = mp.pcfd(iw, above) - gap * late * mp.pcfd(iw, start)
        found = rate * iw / (mp.sqrt(D) * (iw - 1)) * top / bottom
        return complex(mp.conj(found))
