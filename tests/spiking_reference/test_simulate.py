"""Bad input, extremes, and what the package costs to import."""

import subprocess
import sys

import numpy as np
import pytest

from meanfield import LIF
from spiking_reference import WhiteNoise, simulate

DRIVE = WhiteNoise(mu=1.0, sigma=1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dt": 0.0}, "`dt` must be positive"),
        ({"dt": np.nan}, "`dt` must be finite"),
        ({"dt": 30.0}, r"`dt` must be below tau_m=20\.0"),
        ({"dt": 20.0, "scheme": "euler"}, r"`dt` must be below tau_m=20\.0"),
        ({"dt": 11.0, "scheme": "grid"}, "`t_ref`.*whole steps"),
        ({"duration": 0.05}, "`duration` must be at least dt"),
        ({"duration": [1.0, 2.0]}, "`duration` must be one number"),
        ({"warmup": -1.0}, "`warmup` must not be negative"),
        ({"scheme": "rk4"}, "'bridge', 'grid', 'euler'.*'rk4'"),
        ({"count_windows": [60.0]}, "at most half the duration.*got 60"),
        ({"count_windows": [0.01], "scheme": "grid"}, r"at least dt=0\.1"),
        ({"threads": 0}, "`threads` must be at least 1"),
    ],
)
def test_bad_arguments(change, message):
    with pytest.raises(ValueError, match=message):
        simulate(LIF(), DRIVE, **({"duration": 100.0, "dt": 0.1} | change))


def test_bad_objects():
    with pytest.raises(TypeError, match="`neuron` must be a LIF; got str"):
        simulate("LIF", DRIVE, duration=1.0, dt=0.1)
    with pytest.raises(TypeError, match="`drive` must be a WhiteNoise; got float"):
        simulate(LIF(), 1.0, duration=1.0, dt=0.1)
    with pytest.raises(ValueError, match=r"broadcast; got shapes \(2,\) and \(3,\)"):
        simulate(
            LIF(V_th=[20.0, 21.0]),
            WhiteNoise(mu=np.ones(3), sigma=1.0),
            duration=1,
            dt=1,
        )


def test_finite_but_extreme_drives():
    mu = np.array([1e300, -1e300, -5.0, 1e5])
    drive = WhiteNoise(mu=mu, sigma=[1.0, 1.0, 1e-200, 1e5])
    for tau_m in (20.0, np.inf, 1e9):
        run = simulate(LIF(tau_m=tau_m), drive, duration=50.0, dt=0.1, rng=1)
        np.testing.assert_allclose(run.rate.value, [0.2, 0, 0, 0.2], rtol=0.1)


def test_progress_is_silent_unless_asked(capsys):
    simulate(LIF(), DRIVE, duration=10.0, dt=0.1)
    assert capsys.readouterr() == ("", "")
    simulate(LIF(), DRIVE, duration=10.0, dt=0.1, progress=True)
    assert "neuron" in capsys.readouterr().err


def test_import_is_light():
    code = "import sys, spiking_reference; print([m for m in {} if m in sys.modules])"
    heavy = ["numba", "matplotlib", "tqdm", "torch", "xarray"]
    done = subprocess.run(
        [sys.executable, "-c", code.format(heavy)], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr
