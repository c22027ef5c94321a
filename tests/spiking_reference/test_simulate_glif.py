"""GLIF under given currents: reference cases, closed forms, what the exact scheme promises."""

import itertools

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

from meanfield.neurons import GLIF
from spiking_reference import Record, glif, simulate_glif
from tests.spiking_reference.glif_cases import CASES, label, neuron_of, stimulus_of

EXACT = [e for e in CASES if "exact_event_driven_spike_times_s" in e[1]]
CELLS = {}
for _cell, _case in CASES:
    CELLS.setdefault((_cell, _case["level"]), _case)


def marked(entry):
    """The longest stimuli run with the slow tests."""
    long = entry[1]["n_steps"] > 200_000
    return pytest.param(entry, marks=pytest.mark.slow if long else (), id=label(entry))


@pytest.mark.parametrize("entry", [marked(entry) for entry in CASES])
def test_euler_is_the_reference_step_by_step(entry):
    cell, case = entry
    dt, neuron = 1e3 * case["dt_s"], neuron_of(case)
    current = 1e12 * stimulus_of(cell, case)
    run = simulate_glif(
        neuron, current, dt=dt, scheme="euler", record=Record(voltage=True)
    )
    steps = np.rint(run.spikes.times / dt).astype(int) - 1
    assert steps.tolist() == case["spike_steps"]
    at, known = case["samples"]["step"], case["samples"]
    for ours, theirs in (("V", "V_V"), ("theta", "theta_V")):
        found = 1e-3 * (run.traces[ours][0, at] - neuron.E_L)
        np.testing.assert_allclose(found, known[theirs], rtol=0.0, atol=1e-12)
    for j, row in enumerate(np.transpose(known.get("I_asc_A", np.empty((0, 0))))):
        found = 1e-12 * run.traces[f"I_{j + 1}"][0, at]
        np.testing.assert_allclose(found, row, rtol=1e-12, atol=1e-24)


@pytest.mark.parametrize("entry", EXACT, ids=label)
def test_exact_finds_the_times_of_event_driven_solutions(entry):
    cell, case = entry
    current = 1e12 * stimulus_of(cell, case)
    run = simulate_glif(neuron_of(case), current, dt=1e3 * case["dt_s"])
    known = 1e3 * np.array(case["exact_event_driven_spike_times_s"])
    np.testing.assert_allclose(run.spikes.times, known, rtol=0.0, atol=1e-6)


def test_first_level_has_the_intervals_of_the_leaky_neuron():
    neuron = GLIF(C_m=100.0, g_L=5.0, V_reset=-80.0, t_ref=np.array([0.0, 0.3, 4.5]))
    current = np.array([[150.0], [200.0], [400.0]])
    run = simulate_glif(neuron, np.repeat(current, 4000, axis=1), dt=0.5)
    rest = neuron.E_L + current[:, 0] / 5.0
    interval = 20.0 * np.log((rest + 80.0) / (rest + 47.5)) + neuron.t_ref
    for i in range(3):
        np.testing.assert_allclose(np.diff(run.spikes.of(i)), interval[i], rtol=1e-11)


def free_run(neuron, I, T):
    """Propagator over T of (V - E_L, theta_v, J_1, J_2, theta_s, 1), by a matrix exponential."""
    par = glif.constants(neuron)
    A = np.zeros((6, 6))
    C = 1.0 / neuron.C_m
    A[0, [0, 2, 3, 5]] = -neuron.g_L * C, C, C, I * C
    A[1, :2] = par[glif.INDEX], -par[glif.DECAY_V]
    A[2, 2], A[3, 3], A[4, 4] = (
        -par[glif.DECAY_1], -par[glif.DECAY_2], -par[glif.DECAY_S],
    )  # fmt: skip
    return scipy.linalg.expm(A * np.asarray(T)[..., None, None])


def periodic_gap(neuron, I, T):
    """V - theta after free times T of the orbits that would have them for their periods.

    Times 1 - f exp(-g T), so that it has no poles.
    """
    M, t_ref = free_run(neuron, I, T), neuron.t_ref
    forced, f, dV = np.zeros((*np.shape(T), 6)), 0.0, 0.0
    forced[..., 5] = 1.0
    if neuron.asc_amps is not None:
        for j, (amp, k) in enumerate(
            zip(neuron.asc_amps, neuron.asc_decay, strict=True)
        ):
            forced[..., 2 + j] = -amp / np.expm1(-k * (T + t_ref))
    if neuron.th_spike_add is not None:
        b = neuron.th_spike_decay
        forced[..., 4] = -neuron.th_spike_add / np.expm1(-b * (T + t_ref))
        f, dV = neuron.voltage_reset_fraction, neuron.voltage_reset_add
    left = M[..., 0, 0]
    at_end = ((M[..., 0, :] * forced).sum(-1) + left * dV) / (1.0 - left * f)
    forced[..., 0] = f * at_end + dV
    u = (M[..., 1, :] * forced).sum(-1) / (1.0 - M[..., 1, 1])
    theta = neuron.V_th - neuron.E_L + u + M[..., 4, 4] * forced[..., 4]
    return (at_end - theta) * (1.0 - left * f)


@pytest.mark.parametrize("key", CELLS)
def test_rates_without_noise_are_those_of_the_periodic_orbit(key):
    """One equation for the interval, solved by bracketing; no time loop."""
    neuron = neuron_of(CELLS[key])
    rheobase = (neuron.V_th - neuron.E_L) * neuron.g_L
    for factor in (1.5, 2.5):
        I = factor * rheobase
        run = simulate_glif(neuron, np.full(40_000, I), dt=1.0)
        last = np.diff(run.spikes.times)[-20:]
        assert np.ptp(last) < 1e-8 * last[-1], "not periodic"
        T = np.geomspace(0.05, 500.0, 200)
        i = np.flatnonzero(periodic_gap(neuron, I, T) > 0.0)[0]
        free = scipy.optimize.brentq(
            lambda x, I=I: periodic_gap(neuron, I, x), T[i - 1], T[i], xtol=1e-13
        )
        assert last[-1] == pytest.approx(free + neuron.t_ref, rel=1e-8)


RATES = (0.003, 0.05, 0.05 * (1.0 + 1e-9), 0.0501, 5.0)


@pytest.mark.parametrize("t", [1e-3, 0.1, 5.0, 80.0])
def test_closed_forms_where_rates_coincide_or_nearly(t):
    """Against matrix exponentials, whose error is relative to their norm."""
    for g, k, b in itertools.product(RATES, RATES, RATES):
        neuron = GLIF(
            C_m=100.0, g_L=100.0 * g, t_ref=0.0, asc_amps=(1.0, 1.0), asc_decay=(k, 0.05),
            voltage_reset_fraction=0.0, voltage_reset_add=0.0, th_spike_add=0.0,
            th_spike_decay=0.2, th_voltage_index=0.02, th_voltage_decay=b,
        )  # fmt: skip
        c = np.empty((1, glif.N_COEF))
        glif.propagators(glif.constants(neuron)[None], t, c)
        M = free_run(neuron, 1.0, t)
        known = [
            M[0, 0], M[2, 2], M[3, 3], M[4, 4], M[1, 1], M[0, 5], M[0, 2], M[0, 3],
            M[1, 0], M[1, 5], M[1, 2], M[1, 3],
        ]  # fmt: skip
        np.testing.assert_allclose(c[0], known, rtol=2e-12, atol=1e-15)


def random_neurons(n, rng):
    """Neurons of level 5 of all kinds; some rates coincide."""
    leak = rng.uniform(0.02, 0.2, n)
    k1, b = rng.uniform(0.003, 0.5, n), rng.uniform(0.01, 0.3, n)
    k1[::3], b[::5] = leak[::3], leak[::5]
    return GLIF(
        C_m=100.0, g_L=100.0 * leak, t_ref=rng.uniform(0.0, 5.0, n),
        voltage_reset_fraction=rng.uniform(0.0, 0.9, n),
        voltage_reset_add=rng.uniform(-10.0, 0.0, n), th_spike_add=rng.uniform(0.0, 5.0, n),
        th_spike_decay=rng.uniform(0.05, 0.5, n),
        asc_amps=(rng.uniform(-200.0, 50.0, n), rng.uniform(-20.0, 5.0, n)),
        asc_decay=(k1, rng.uniform(0.003, 0.1, n)), asc_r=(1.0, rng.uniform(0.5, 1.0, n)),
        th_voltage_index=rng.uniform(-0.005, 0.02, n), th_voltage_decay=b,
    )  # fmt: skip


def test_cutting_samples_changes_nothing():
    """The spikes of a step-wise constant current do not depend on how fine its samples are."""
    rng = np.random.default_rng(3)
    neurons = random_neurons(30, rng)
    rheobase = (neurons.V_th - neurons.E_L) * neurons.g_L
    current = rheobase[:, None] * rng.normal(1.5, 1.0, (30, 300))
    coarse = simulate_glif(neurons, current, dt=3.0)
    fine = simulate_glif(neurons, np.repeat(current, 60, axis=1), dt=0.05)
    assert coarse.counts.min() > 5
    np.testing.assert_array_equal(coarse.counts, fine.counts)
    # Rounding grows with each spike where resets keep a part of V.
    np.testing.assert_allclose(coarse.spikes.times, fine.spikes.times, atol=1e-7)


@pytest.mark.parametrize("height", [1.0 - 1e-6, 1.0 + 1e-6])
def test_a_threshold_crossed_twice_in_one_sample(height):
    """An after-spike current lifts V for a while; both ends of the sample are below."""
    g, k, I = 0.1, 1.0, 500.0
    V = lambda t: I / 100.0 * (np.exp(-g * t) - np.exp(-k * t)) / (k - g)  # noqa: E731
    top = np.log(k / g) / (k - g)
    V_th = height * V(top)
    neuron = GLIF(
        C_m=100.0, g_L=10.0, E_L=0.0, V_th=V_th, V_reset=-50.0, t_ref=0.0,
        asc_amps=-1e3, asc_decay=k,
    )  # fmt: skip
    run = simulate_glif(neuron, np.zeros(2), dt=60.0, initial={"I_1": I})
    if height > 1.0:
        assert run.counts[0] == 0
    else:
        first = scipy.optimize.brentq(lambda t: V(t) - V_th, 0.0, top, xtol=1e-14)
        np.testing.assert_allclose(run.spikes.times, [first], atol=1e-9)


@pytest.mark.parametrize("scheme", ["exact", "euler"])
@pytest.mark.parametrize("t_ref", [1e12, 1e300])
def test_a_refractory_period_may_never_end(t_ref, scheme):
    current, neuron = np.full(1000, 1000.0), GLIF(t_ref=t_ref)
    record = Record(voltage=True)
    run = simulate_glif(neuron, current, dt=0.1, scheme=scheme, record=record)
    assert run.counts.tolist() == [1]
    assert run.traces["V"][0, -1] == neuron.E_L


@pytest.mark.parametrize("scheme", ["exact", "euler"])
def test_levels_are_nested(scheme):
    """Parts without amplitude leave the lower level."""
    current = 200.0 + 150.0 * np.sin(np.arange(20_000) / 300.0)
    rules = {
        "voltage_reset_fraction": 0.0, "voltage_reset_add": 0.0, "th_spike_add": 0.0,
        "th_spike_decay": 0.1,
    }  # fmt: skip
    currents = {"asc_amps": (0.0, 0.0), "asc_decay": (0.05, 0.1)}
    follows = {"th_voltage_index": 0.0, "th_voltage_decay": 0.1}
    parts = [{}, rules, currents, rules | currents, rules | currents | follows]
    neurons = [GLIF(**p) for p in parts]
    assert [n.level for n in neurons] == [1, 2, 3, 4, 5]
    runs = [simulate_glif(n, current, dt=0.05, scheme=scheme) for n in neurons]
    assert runs[0].counts[0] > 20
    for run in runs[1:]:
        np.testing.assert_allclose(run.spikes.times, runs[0].spikes.times, rtol=1e-12)


def test_many_neurons_are_each_as_alone_on_any_number_of_threads():
    rng = np.random.default_rng(4)
    neurons, n = random_neurons(7, rng), 7
    current = rng.normal(400.0, 200.0, (n, 3000))
    options = {"dt": 0.3, "record": Record(voltage=[1, 4], every=7, t_start=100.0)}
    one, two = (simulate_glif(neurons, current, threads=k, **options) for k in (1, 2))
    np.testing.assert_array_equal(one.spikes.times, two.spikes.times)
    np.testing.assert_array_equal(one.traces["V"], two.traces["V"])
    assert one.traces["I_2"].shape == (2, one.t.size)
    single = GLIF(
        **{
            name: np.asarray(getattr(neurons, name))[..., 4]
            if np.ndim(getattr(neurons, name)) > name.startswith("asc")
            else getattr(neurons, name)
            for name in GLIF.__dataclass_fields__
            if getattr(neurons, name) is not None
        }
    )
    alone = simulate_glif(single, current[4], dt=0.3, record=Record(voltage=True))
    np.testing.assert_array_equal(alone.spikes.times, one.spikes.of(4))
    at = np.rint(one.t / 0.3).astype(int) - 1
    for name, rows in one.traces.items():
        np.testing.assert_allclose(alone.traces[name][0, at], rows[1], rtol=1e-9)


def test_traces_are_below_the_threshold_and_hold_v_while_refractory():
    neuron = neuron_of(CELLS["syn_exc_regular", 4])
    run = simulate_glif(
        neuron, np.full(4000, 400.0), dt=0.1, record=Record(voltage=True)
    )
    V, theta, t = run.traces["V"][0], run.traces["theta"][0], run.t
    since = t - run.spikes.times[np.searchsorted(run.spikes.times, t) - 1]
    held = (since > 0.0) & (since < neuron.t_ref)
    assert (V[~held] < theta[~held]).all()
    assert held.sum() > 500
    for spike in run.spikes.times[:5]:
        inside = V[(t > spike) & (t < spike + neuron.t_ref)]
        assert np.ptp(inside) == 0.0


def test_a_reset_above_threshold_says_so():
    neuron = GLIF(
        voltage_reset_fraction=1.0, voltage_reset_add=np.array([-5.0, 3.0, 3.0]),
        th_spike_add=1.0, th_spike_decay=0.1,
    )  # fmt: skip
    for scheme in ("exact", "euler"):
        with pytest.raises(
            ValueError, match=r"neuron 1 fired at .* ms and would be at V="
        ):
            simulate_glif(neuron, np.full(2000, 400.0), dt=0.05, scheme=scheme)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"neuron": 3}, TypeError, "must be a GLIF; got int"),
        ({"current": np.zeros((2, 0))}, ValueError, r"`current` must have shape .* got \(2, 0\)"),
        ({"current": np.zeros((2, 5))}, ValueError, r"neurons of shape \(3,\); got \(2, 5\)"),
        ({"current": [0.0, np.nan]}, ValueError, "`current` must be at most"),
        ({"current": [0.0, 1e300]}, ValueError, "`current` must be at most"),
        ({"dt": 0.0}, ValueError, "`dt` must be positive"),
        ({"dt": 30.0, "scheme": "euler"}, ValueError, "below C_m/g_L with scheme='euler'"),
        ({"scheme": "rk4"}, ValueError, "`scheme` must be one of"),
        ({"initial": {"w": 0.0}}, ValueError, "`initial` must be of .* got 'w'"),
        ({"initial": {"V": -40.0}}, ValueError, "must be below the threshold .* got -40.0"),
        ({"initial": {"V": [1.0, 2.0]}}, ValueError, r"shape \(3,\); got shape \(2,\)"),
        ({"record": Record(voltage=[3])}, ValueError, "must be flat indices below 3"),
        ({"record": True}, TypeError, "`record` must be a Record; got bool"),
        ({"threads": 0}, ValueError, "`threads` must be at least 1"),
    ],
)  # fmt: skip
def test_errors(change, error, message):
    given = {
        "neuron": GLIF(C_m=[100.0, 110.0, 120.0]),
        "current": np.zeros(5),
        "dt": 0.1,
    }
    given |= change
    with pytest.raises(error, match=message):
        simulate_glif(given.pop("neuron"), given.pop("current"), **given)
