"""Recorded spikes and voltages."""

import numpy as np
import pytest

from meanfield import LIF
from spiking_reference import Record, WhiteNoise, simulate

KINDS = [("bridge", None), ("grid", None), ("bridge", 0.2), ("euler", 0.2)]


@pytest.mark.parametrize(("scheme", "correlation"), KINDS)
def test_voltages_and_spikes_fit_together(scheme, correlation):
    drive = WhiteNoise(
        mu=[1.5, 1.5, 1.5], sigma=[0.0, 1.0, 2.0], correlation=correlation
    )
    neuron = LIF(E_L=-65.0, V_th=-45.0, V_reset=-65.0)
    record = Record(spikes=True, voltage=[2, 0], t_start=-50.0)
    run = simulate(
        neuron,
        drive,
        duration=300.0,
        dt=0.5,
        warmup=100.0,
        rng=2,
        scheme=scheme,
        record=record,
    )
    voltage = run.voltage
    assert voltage.neurons.tolist() == [0, 2]
    np.testing.assert_allclose(voltage.t, np.arange(-50.0, 300.1, 0.5))
    assert (voltage.V <= -45.0).all()
    for i in range(3):
        times = run.spikes.of(i)
        assert ((times >= 0) & (times <= 300)).sum() == run.n_spikes[i]
        assert times.min() < 0
        assert np.diff(times).min() > 5.0
    for row, i in enumerate(voltage.neurons):
        for t in run.spikes.of(i):
            held = (voltage.t > t + 1e-9) & (voltage.t < t + 5.0 - 1e-9)
            assert (voltage.V[row, held] == -65.0).all()


def test_sampled_voltage_has_the_stationary_law():
    # Far from threshold V is Gaussian with SD sigma sqrt(tau/2); long steps are filled
    # in by bridges, so neighbours must correlate as exp(-dt/tau). 3 values, |z| < 4.
    run = simulate(
        LIF(tau_m=10.0),
        WhiteNoise(mu=np.zeros(20), sigma=1.0),
        duration=20000.0,
        dt=1.0,
        warmup=100.0,
        rng=1,
        record=Record(voltage=True),
    )
    V = run.voltage.V
    independent = 20 * 20000 / 10.0
    assert abs(V.mean()) < 4 * np.sqrt(5.0 / independent * 2)
    assert abs(V.var() / 5.0 - 1) < 4 * np.sqrt(2 / independent)
    lagged = (V[:, 1:] * V[:, :-1]).mean() / V.var()
    assert abs(lagged - np.exp(-0.1)) < 0.005
    kurtosis = (V**4).mean() / V.var() ** 2
    assert abs(kurtosis - 3) < 0.1


def test_noiseless_voltage_is_the_closed_form():
    run = simulate(
        LIF(),
        WhiteNoise(mu=[0.5, 1.5], sigma=0.0),
        duration=100.0,
        dt=0.5,
        record=Record(voltage=True, every=4),
    )
    t = run.voltage.t
    np.testing.assert_allclose(np.diff(t), 2.0)
    np.testing.assert_allclose(run.voltage.V[0], 10 * -np.expm1(-t / 20))
    age = (t - 20 * np.log(3)) % (20 * np.log(3) + 5) - 5
    age = np.where(t < 20 * np.log(3), t, np.maximum(age, 0))
    np.testing.assert_allclose(run.voltage.V[1], 30 * -np.expm1(-age / 20), atol=1e-9)


def test_tapes_are_emptied_in_time(monkeypatch):
    from spiking_reference import jobs, tape

    monkeypatch.setattr(jobs, "CAPACITY", tape.MARGIN + 10)
    drive = WhiteNoise(mu=[30.0, 50.0], sigma=[1.0, 0.0])
    run = simulate(
        LIF(t_ref=0.1), drive, duration=20000.0, dt=1.0, record=Record(spikes=True)
    )
    assert run.spikes.times.size == run.n_spikes.sum() > 2 * tape.MARGIN
    assert np.array_equal(np.bincount(run.spikes.neurons), run.n_spikes)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (Record(spikes=[3]), r"record\.spikes.*below 2; got 3"),
        (Record(voltage=[-1]), r"record\.voltage.*got -1"),
        (Record(t_start=-5.0), r"record\.t_start"),
        (Record(t_stop=500.0), r"record\.t_stop"),
        (Record(every=0), r"record\.every"),
    ],
)
def test_bad_records(record, message):
    drive = WhiteNoise(mu=[1.0, 1.0], sigma=1.0)
    with pytest.raises(ValueError, match=message):
        simulate(LIF(), drive, duration=100.0, dt=0.5, record=record)
    with pytest.raises(TypeError, match="integers"):
        simulate(LIF(), drive, duration=100.0, dt=0.5, record=Record(spikes=[0.5]))
    with pytest.raises(TypeError, match=r"Record\(spikes=True\)"):
        simulate(LIF(), drive, duration=100.0, dt=0.5, record=True)
