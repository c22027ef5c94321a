"""Single neurons of any model and input: cases, simulators, estimators, comparison."""

import dataclasses
import math

import numpy as np
import pytest

from meanfield import LIF
from meanfield.neurons import EIF, GLIF, QIF, AdaptiveLIF, AdEx, ConductanceLIF
from spiking_reference import SpikeTrains, simulate_jumps
from validation import Case, NeuronCase, Threads, findings, load_grid, run_grid
from validation.compare import compare
from validation.evaluate import Result, evaluate
from validation.forecasts import forecasts
from validation.pooling import Measurement
from validation.stimulate import late
from validation.theories import THEORIES
from validation.verdict import judge

BASE = NeuronCase(mu=0.8, sigma=1.0)
SYNAPSES = [[1.0, 5.0, 0.0], [2.0, 10.0, -80.0]]
CONDUCTING = {"neuron": ConductanceLIF(), "exc": 2.0, "synapses": SYNAPSES}


@pytest.mark.parametrize(
    "change",
    [
        {"neuron": QIF()},
        {"neuron": GLIF(asc_amps=(-8.0, -18.0), asc_decay=(0.003, 0.1))},
        {"tau_syn": 2.0},
        {"jump": 0.5},
        {"jump": 0.5, "amplitudes": "fixed"},
        {"jump": 0.5, "excitatory": 1.0},
        {"spectrum": [0.01]},
        {"response": [[0.01, 0.1]]},
        {"segment": 100.0},
        CONDUCTING,
        CONDUCTING | {"inh": 1.0},
    ],
)
def test_every_field_is_part_of_the_identity(change):
    case = dataclasses.replace(BASE, **change)
    assert case.hash != BASE.hash
    assert NeuronCase.from_json(case.to_json()) == case


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tau_syn": -1.0}, ["`tau_syn`", "negative", "-1.0"]),
        ({"spectrum": [0.0011]}, ["`spectrum`", "multiples", "0.0011"]),
        ({"spectrum": 0.1}, ["`spectrum`", "list", "0.1"]),
        ({"response": [[0.01, -1.0]]}, ["`response`", "positive", "-1.0"]),
        ({"response": [[0.01001, 1.0]]}, ["`response`", "whole", "0.01001"]),
        ({"tau_syn": 1.0, "jump": 1.0}, ["`tau_syn`", "together"]),
        ({"jump": 1.0, "neuron": EIF()}, ["`jump`", "LIF"]),
        ({"exc": 1.0}, ["`exc`", "ConductanceLIF", "LIF"]),
        (CONDUCTING | {"synapses": []}, ["`synapses`", "weight"]),
        ({"amplitudes": "any"}, ["`amplitudes`", "exponential", "any"]),
        ({"scheme": "grid"}, ["`scheme`", "bridge", "sweeps"]),
    ],
)
def test_errors_name_condition_value_and_remedy(change, words):
    with pytest.raises(ValueError, match="`") as error:
        dataclasses.replace(BASE, **change)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize("amplitudes", ["fixed", "exponential"])
def test_jumps_have_the_mean_and_the_noise_that_are_asked_for(amplitudes):
    case = dataclasses.replace(BASE, jump=0.4, excitatory=0.7, amplitudes=amplitudes)
    shot, second = case.shot, {"fixed": 1.0, "exponential": 2.0}[amplitudes]
    assert shot.mu + 0.4 * (shot.exc_rate - shot.inh_rate) == pytest.approx(0.8)
    total = shot.exc_rate + shot.inh_rate
    assert second * 0.4**2 * total == pytest.approx(1.0)


def test_jumps_without_a_threshold_have_campbells_moments():
    # Far below the threshold nothing fires; a threshold at the mean is passed half of the
    # time, so compare the time to a first passage instead: a perfect counter. With jumps
    # of fixed size a and no leak to speak of, every k-th jump fires, k = ceil(V_th/a).
    neuron = LIF(tau_m=1e9, t_ref=3.0, V_th=2.5)
    trains = simulate_jumps(
        neuron, exc_rate=0.5, exc_jump=1.0, amplitudes="fixed", n=400, duration=4000.0,
        rng=1,
    )  # fmt: skip
    gaps = np.diff(trains.times)[np.diff(trains.neurons) == 0]
    # Intervals are t_ref + Gamma(3, rate); a seed that was chosen once, 4 errors.
    assert gaps.mean() == pytest.approx(9.0, abs=4 * math.sqrt(12.0 / gaps.size))
    assert gaps.var() == pytest.approx(12.0, rel=4 * math.sqrt(4.0 / gaps.size))


def test_a_drift_over_the_threshold_meets_it_between_jumps():
    neuron = LIF(tau_m=20.0, t_ref=2.0, V_th=20.0)
    trains = simulate_jumps(
        neuron, mu=1.5, exc_rate=1e-9, exc_jump=1.0, n=1, duration=100.0, rng=1
    )
    assert np.diff(trains.times) == pytest.approx(2.0 + 20.0 * math.log(3.0))


def test_jumps_of_half_a_millivolt_as_a_network_delivers_them():
    # The same jumps of fixed size from `simulate_network`, whose step costs
    # of order rate*dt: 1 %. Four standard errors, seeds chosen once.
    from meanfield.neurons import Network, Poisson, Population
    from spiking_reference import simulate_network

    population = Population(n=400, neuron=LIF(t_ref=2.0), current=0.2)
    inputs = [Poisson(target="A", rate=0.5, weight=1.2)]
    run = simulate_network(
        Network(populations={"A": population}, inputs=inputs), duration=3000.0, dt=0.05,
        warmup=200.0, rng=1, threads=1,
    )["A"]  # fmt: skip
    trains = simulate_jumps(
        LIF(t_ref=2.0), mu=0.2, exc_rate=0.5, exc_jump=1.2, amplitudes="fixed", n=400,
        duration=3000.0, warmup=200.0, rng=2,
    )  # fmt: skip
    rates = np.bincount(trains.neurons, minlength=400) / 3000.0
    error = math.hypot(run.rates.std(), rates.std()) / 20
    assert rates.mean() == pytest.approx(run.rates.mean(), abs=4 * error, rel=0.01)


def poisson(rate, n, duration, seed, wave=None):
    """Poisson trains, with rates that may follow a wave (frequency, depth), by thinning."""
    rng = np.random.default_rng(seed)
    top = rate * 1.5
    neurons = np.repeat(np.arange(n), rng.poisson(top * duration, n))
    times = rng.uniform(0.0, duration, neurons.size)
    now = np.full(times.size, rate)
    if wave is not None:
        f, depth = (part[neurons] for part in wave)
        now = rate * (1 + depth * np.sin(2 * np.pi * f * times + 0.3))
    kept = rng.uniform(0.0, top, times.size) < now
    times, neurons = times[kept], neurons[kept]
    order = np.lexsort((times, neurons))
    return SpikeTrains(
        times=times[order], neurons=neurons[order], t_start=0.0, t_stop=duration,
        n_neurons=n,
    )  # fmt: skip


def test_estimates_of_poisson_trains():
    # Rate and power 0.02 kHz, CV 1; short trains, so that a preference for short
    # intervals would show. Four standard errors, a seed chosen once.
    case = dataclasses.replace(
        BASE, duration=1000.0, segment=100.0, spectrum=(0.02, 0.1), replicas=2000,
        max_rounds=1,
    )  # fmt: skip
    found = evaluate(case, lambda c, n, seed: poisson(0.02, n, c.duration, seed))
    exact = {"rate": 0.02, "cv": 1.0, "spectrum 0.02": 0.02, "spectrum 0.1": 0.02}
    for name, value in exact.items():
        assert abs(found[name].value - value) < 4 * found[name].stderr
        assert found[name].stderr < 0.02 * value


def test_estimates_of_a_response():
    # r0 + a Im(N e^{i w t}) with N = 0.1 e^{0.3 i} kHz/(mV/ms).
    from validation.stimulate import waves

    case = dataclasses.replace(
        BASE, dt=1e-3, duration=2000.0, response=((0.01, 0.05), (0.1, 0.05)),
        replicas=64, warmup=100.0, max_rounds=1,
    )  # fmt: skip

    def fake(case, n, seed):
        f, amplitude = waves(case, n)
        return poisson(0.02, n, case.duration, seed, (f, 0.1 * amplitude / 0.02))

    found = evaluate(case, fake)
    for f, _ in case.response:
        for name, value in (("real", math.cos(0.3)), ("imag", math.sin(0.3))):
            x = found[f"{name} {f!r}"]
            assert abs(x.value - 0.1 * value) < 4 * x.stderr
            assert x.stderr < 0.01


def drawn(case, rng, error=0.01, factor=1.0):
    """A result as a simulation with these standard errors would give it."""
    measurements = []
    for made in FORECASTS[case]:
        if made.quantity == "phase":
            continue
        f, size = made.frequency, error * abs(made.value)
        names = [(f"{made.quantity} {f!r}" if f else made.quantity, made.value.real)]
        if made.quantity == "gain":
            names = [(f"real {f!r}", made.value.real), (f"imag {f!r}", made.value.imag)]
        for name, exact in names:
            value = exact * factor + size * rng.standard_normal()
            measurements.append(Measurement(name, value, size, 1000))
    return Result(
        stop="budget",
        rounds=1,
        replicas=64,
        spikes=10**5,
        measurements=tuple(measurements),
    )


CASES = [
    BASE,
    dataclasses.replace(BASE, neuron=QIF(), mu=0.3, sigma=2.0, spectrum=(0.01, 0.1)),
    dataclasses.replace(BASE, response=((0.001, 0.1), (0.1, 0.2))),
]
FORECASTS: dict[Case, list] = {case: list(forecasts(case)) for case in CASES}


def test_a_right_theory_is_accepted_and_a_wrong_one_rejected():
    # A hundred sweeps at a false-alarm rate of 1 %, seeds fixed: 0 to 4 alarms.
    alarms = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        results: dict[Case, Result] = {case: drawn(case, rng) for case in CASES}
        verdict = judge(results, CASES, predict=FORECASTS.__getitem__)
        alarms += verdict.status == 1
    assert alarms <= 4
    rng = np.random.default_rng(0)
    wrong: dict[Case, Result] = {case: drawn(case, rng, factor=1.1) for case in CASES}
    rejected = judge(wrong, CASES, predict=FORECASTS.__getitem__).rejected
    names = {c.quantity for c in rejected}
    assert {"rate", "cv", "spectrum", "gain"} <= names
    assert "phase" not in names


def test_gain_and_phase_are_those_of_what_was_measured():
    case = CASES[-1]
    made = next(f for f in FORECASTS[case] if f.quantity == "gain")
    turned = made.value * 1.02 * np.exp(0.01j)
    f = made.frequency
    result = Result(
        stop="budget", rounds=1, replicas=64, spikes=10**5,
        measurements=(
            Measurement(f"real {f!r}", turned.real, 1e-4, 100),
            Measurement(f"imag {f!r}", turned.imag, 1e-4, 100),
        ),
    )  # fmt: skip
    gain, phase, *_ = compare(case, result)
    assert gain.relative == pytest.approx(0.02, abs=1e-3)
    assert phase.difference == pytest.approx(0.01, abs=1e-3)
    assert gain.stderr == pytest.approx(1e-4)
    assert gain.place == phase.place == "1 Hz"


def test_spikes_on_a_grid_are_predicted_with_the_dead_time_that_it_adds():
    case = dataclasses.replace(BASE, neuron=EIF(), mu=2.0, dt=0.5)
    fine = dataclasses.replace(case, dt=0.01)
    (slow, *_), (fast, *_) = forecasts(case), forecasts(fine)
    longer = 1 / slow.value - 1 / fast.value
    assert longer == pytest.approx(late(case)[0] - late(fine)[0])


def test_theories_have_names_of_their_own_and_say_their_limits():
    assert len({theory.name for theory in THEORIES}) == len(THEORIES)
    assert all(theory.limits.endswith(".") for theory in THEORIES)


def test_models_with_a_capacitance_take_the_same_drive():
    # The AdEx without adaptation is an EIF: the same noise, the same spikes.
    eif = EIF(tau_m=10.0, E_L=-65.0, V_T=-53.0, V_reset=-60.0, V_th=-20.0, Delta_T=2.0)
    adex = AdEx(
        C_m=100.0, g_L=10.0, a=0.0, b=0.0, E_L=-65.0, V_T=-53.0, V_reset=-60.0,
        V_th=-20.0, Delta_T=2.0,
    )  # fmt: skip
    from validation.stimulate import stimulate

    case = NeuronCase(mu=1.3, sigma=1.0, neuron=eif, duration=300.0)
    other = dataclasses.replace(case, neuron=adex)
    seed = np.random.SeedSequence(1)
    a, b = (stimulate(c, 20, seed).times for c in (case, other))
    assert a.size == pytest.approx(b.size, rel=0.1)
    assert a.size > 50


def test_the_smoke_grid_end_to_end(tmp_path):
    grid, store = load_grid("neurons-smoke"), tmp_path / "store.sqlite"
    outcome = run_grid(grid, store, Threads(1), progress=False)
    assert (outcome.failed, outcome.unfinished) == (0, 0)
    found = findings(grid, store)
    assert found.verdict.status == 0, found.verdict.sentence
    from validation.report import write_report

    names = {path.stem for path in write_report(found, tmp_path / "report")}
    assert {"errors-siegert", "gain-threshold-integration-lif"} <= names
    from validation.export import to_xarray

    data = to_xarray(found)
    assert set(data.approximation.values) >= {"Siegert", "threshold integration"}


def test_a_spectrum_is_predicted_at_the_resolution_of_its_segments():
    # Regular trains with a jitter of the intervals: a peak narrower than 1/segment.
    case = dataclasses.replace(
        BASE, mu=1.6, sigma=0.3, duration=5000.0, replicas=200, max_rounds=1, dt=0.5,
        spectrum=(0.042, 0.044, 0.046, 0.048), segment=500.0,
    )  # fmt: skip
    result = evaluate(case)
    found = [c for c in compare(case, result) if c.quantity == "spectrum"]
    assert max(c.theory for c in found) > 4 * result["rate"].value
    for c in found:  # a seed that the case fixes
        assert abs(c.z) < 4


FAMILIES = {
    "coloured noise": {"tau_syn": 2.0},
    "effective threshold": {"tau_syn": 2.0},
    "effective time constant": CONDUCTING | {"inh": 1.0},
    "shot noise": {"jump": 1.0},
    "diffusion approximation": {"jump": 1.0},
    "mean adaptation": {"neuron": AdaptiveLIF(tau_theta=300.0, Delta_theta=1.0)},
}


@pytest.mark.parametrize("name", FAMILIES)
def test_an_approximation_is_allowed_more_the_larger_its_parameter(name):
    case = dataclasses.replace(BASE, mu=1.2, **FAMILIES[name])
    large = {k: 2 * v for k, v in FAMILIES[name].items() if isinstance(v, float)}
    if name == "mean adaptation":
        large = {"neuron": AdaptiveLIF(tau_theta=100.0, Delta_theta=3.0)}
    elif name == "effective time constant":  # fewer and larger
        larger = [[4 * weight, *rest] for weight, *rest in SYNAPSES]
        large = {"exc": 0.5, "inh": 0.25, "synapses": larger}
    theory = next(t for t in THEORIES if t.name == name)
    sizes = []
    for one in (case, dataclasses.replace(case, **large)):
        assert theory.applies(one)
        assert not theory.applies(BASE)
        functions = theory.functions(one)
        made = list(forecasts(one, (theory,)))
        assert [f.quantity for f in made] == [
            n for n in ("rate", "cv") if n in functions
        ]
        own = [
            a.above / f.value for f in made for a in f.allowances if a.reason == name
        ]
        sizes.append((theory.small(one, functions), own))
    (small, few), (big, many) = sizes
    assert big > 1.5 * small
    if theory.budget(case, theory.functions(case)) and name != "coloured noise":
        assert all(b > a > 0 for a, b in zip(few, many, strict=True))
