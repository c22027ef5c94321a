"""Recurrent networks: cases, estimators, theories with their budgets, the verdict."""

import dataclasses
import math

import numpy as np
import pytest

from spiking_reference import PopulationResult, SpikeTrains
from validation import PopulationCase, Threads, findings, load_grid, run_grid
from validation.compare import Comparison
from validation.evaluate import evaluate
from validation.large import beyond_course, orders
from validation.population_forecasts import population_forecasts
from validation.population_theories import POPULATION_THEORIES
from validation.predict import Allowance
from validation.verdict import judge

BASE = PopulationCase(preset="brunel", parameters={"g": 5.0, "eta": 2.0})
BALANCED = PopulationCase(preset="balanced_eif", parameters={"size": 5000})


@pytest.mark.parametrize(
    "change",
    [
        {"name": "A"},
        {"parameters": {"g": 6.0, "eta": 2.0}},
        {"observe": ["rate", "cv"]},
        {"times": [100.0]},
        {"spectrum": [0.02]},
        {"response": [[0.02, 0.1]]},
        {"replicas": 9},
    ],
)
def test_every_field_is_part_of_the_identity(change):
    case = dataclasses.replace(BASE, **change)
    assert case.hash != BASE.hash
    assert PopulationCase.from_json(case.to_json()) == case


def test_parameters_have_one_form():
    other = PopulationCase(preset="brunel", parameters=[["eta", 2], ["g", 5]])
    assert other.hash == BASE.hash


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mu": 1.0}, ["`mu`", "0.0", "parameters"]),
        ({"preset": "none"}, ["`preset`", "brunel", "none"]),
        ({"parameters": {"gg": 1.0}}, ["`parameters`", "gg", "eta"]),
        ({"parameters": {"g": math.inf}}, ["`parameters`", "finite"]),
        ({"observe": ["rat"]}, ["`observe`", "rat"]),
        ({"times": [10.0]}, ["`times`", "window", "10"]),
        ({"spectrum": [0.0011]}, ["`spectrum`", "multiples"]),
        ({"response": [[0.0201, 1e-3]]}, ["`response`", "whole"]),
        ({"replicas": 3}, ["`replicas`", "4", "realisations"]),
    ],
)
def test_errors_name_condition_value_and_remedy(change, words):
    with pytest.raises(ValueError, match="`") as error:
        dataclasses.replace(BASE, **change)
    for word in words:
        assert word in str(error.value)


def test_the_step_shrinks_with_the_root_of_the_size_where_feedback_is_dense():
    assert BALANCED.step == 0.1
    large = dataclasses.replace(BALANCED, parameters={"size": 30000})
    assert large.step == 0.05
    assert BASE.step == 0.1  # 12,500 neurons, sparse


def population(times, neurons, n, duration):
    """What a simulation would return of given spikes."""
    order = np.lexsort((times, neurons))
    times, neurons = times[order], neurons[order]
    activity = np.bincount((times / 0.5).astype(int), minlength=round(duration / 0.5))
    return PopulationResult(
        counts=np.bincount(neurons, minlength=n), intervals=np.zeros((n, 3)),
        activity=activity, bin=0.5, duration=duration, t=None, traces={},
        spikes=SpikeTrains(
            times=times, neurons=neurons, t_start=0.0, t_stop=duration, n_neurons=n
        ),
    )  # fmt: skip


def trains(case, seed, n=200, shared=0.2):
    """Trains at rates of 20 +- 5 Hz; a part `shared` of spikes from a common pool."""
    rng = np.random.default_rng(seed)
    T, found = case.duration, {}
    pool = rng.uniform(0.0, T, rng.poisson(0.02 * T))
    for name in "EI":
        rates = 0.02 + 0.005 * np.sign(np.arange(n) - n / 2 + 0.5)
        own = rng.poisson((rates - 0.02 * shared) * T)
        neurons, times = np.repeat(np.arange(n), own), rng.uniform(0.0, T, own.sum())
        taken = rng.random((n, pool.size)) < shared
        who, which = np.nonzero(taken)
        found[name] = population(
            np.concatenate([times, pool[which]]), np.concatenate([neurons, who]), n, T
        )
    return found


def test_estimates_of_populations_with_known_statistics():
    # Poisson trains, of which two have a part shared^2 of the mean rate in common: in long
    # windows, count covariance 0.02 shared^2. Five standard errors, a seed from the case.
    case = dataclasses.replace(
        BASE, observe=("rate", "cv", "sd", "pairs"), duration=4000.0, replicas=20,
        spectrum=(0.02, 0.1), times=(1000.0,),
    )  # fmt: skip
    found = evaluate(case, trains)
    correlation = 0.04
    mean_variance = 0.02
    exact = {
        "rate E": 0.02,
        "rate E 1000 ms": 0.02,
        "sd E": 0.005,
        "pairs E,E": correlation * 0.02 / mean_variance,
        "pairs E,I": correlation * 0.02 / mean_variance,
        "spectrum I 20 Hz": 0.02 / 200 + 0.02 * correlation * 199 / 200,
        "spectrum I 100 Hz": 0.02 / 200 + 0.02 * correlation * 199 / 200,
    }
    for name, value in exact.items():
        assert abs(found[name].value - value) < 5 * found[name].stderr, name
        assert found[name].stderr < 0.15 * value, name
    # All intervals together: a mixture of two exponential distributions.
    w = np.array([0.625, 0.375])  # of intervals, in proportion to the rates
    m = w @ [1 / 0.025, 1 / 0.015]
    cv = math.sqrt(2 * w @ [1 / 0.025**2, 1 / 0.015**2] / m**2 - 1)
    assert found["cv E"].value == pytest.approx(cv, abs=5 * found["cv E"].stderr)


def test_estimates_of_a_response():
    # r0 + a Im(N e^{i w t}), N = 0.1 e^{0.3 i}, by thinning; time counts from the start.
    case = dataclasses.replace(
        BASE, dt=1e-3, duration=2000.0, warmup=100.0, replicas=16,
        response=((0.02, 0.05), (0.07, 0.05)),
    )  # fmt: skip

    def fake(case, seed):
        rng = np.random.default_rng(seed)
        n, top = 200, 0.05
        times = rng.uniform(0.0, case.duration, rng.poisson(top * n * case.duration))
        rate = 0.02 + sum(
            a * 0.1 * np.sin(2 * np.pi * f * (times + case.warmup) + 0.3)
            for f, a in case.response
        )
        times = times[rng.uniform(0.0, top, times.size) < rate]
        neurons = rng.integers(0, n, times.size)
        return {"E": population(times, neurons, n, case.duration)}

    found = evaluate(case, fake)
    for f in (20, 70):
        for name, value in (("real", math.cos(0.3)), ("imag", math.sin(0.3))):
            x = found[f"{name} E {f} Hz"]
            assert abs(x.value - 0.1 * value) < 4 * x.stderr
            assert x.stderr < 0.01


def test_orders_of_a_balanced_network():
    # The limit is (11/2550, 1/85) kHz; the first order vanishes with 1/sqrt(N), the next
    # with 1/N.
    steps = []
    for size in (4000, 64000):
        case = dataclasses.replace(BALANCED, parameters={"size": size})
        limit, first, second = orders(case)
        assert limit == pytest.approx([11 / 2550, 1 / 85])
        steps.append((first - limit, second - first))
    (few, next_few), (many, next_many) = steps
    assert few / many == pytest.approx(4.0, rel=0.05)
    assert next_few / next_many == pytest.approx(16.0, rel=0.1)


def test_an_oscillating_state_has_no_budget():
    case = dataclasses.replace(BASE, parameters={"g": 6.0, "eta": 4.0})
    (made, *_) = population_forecasts(case)
    assert [a.reason for a in made.allowances][-1] == "unstable"
    assert made.allowances[-1].above == math.inf
    assert 1e3 * made.value == pytest.approx(55.8, rel=0.02)  # Brunel (2000), on a grid


def test_plastic_networks_are_tested_against_their_mean_field_and_not_at_the_start():
    case = PopulationCase(
        preset="plastic", parameters={"size": 5000}, duration=2000.0, warmup=0.0,
        window=500.0, times=(250.0, 750.0),
    )  # fmt: skip
    budget = {
        (f.theory, f.place): sum(a.above for a in f.allowances) / abs(f.value)
        for f in population_forecasts(case)
    }
    assert budget["plastic mean field", "E 250 ms"] == math.inf
    assert 0.01 < budget["plastic mean field", "E 750 ms"] < 0.5
    assert {b for (name, _), b in budget.items() if "balance" in name} == {math.inf}


def test_plastic_networks_with_strong_synapses_have_no_budget():
    case = PopulationCase(preset="plastic", parameters={"size": 2000})
    assert beyond_course(case, {}, 0.1) == {"few synapses": None}


def test_theories_have_names_of_their_own():
    assert len({t.name for t in POPULATION_THEORIES}) == len(POPULATION_THEORIES)


def test_numbers_of_one_network_count_once_in_a_mean():
    def comparison(unit):
        return Comparison(
            case=BASE, quantity="rate", theory=1.0, value=1.01, stderr=0.01, df=7,
            allowances=(Allowance("next order", 0.01, 0.01),), unit=unit,
            approximation="balanced limit",
        )  # fmt: skip

    from validation.verdict import _pool

    (pooled,) = _pool([comparison("E"), comparison("I")])
    assert pooled.stderr == pytest.approx(0.01)
    assert judge({}, [BASE]).status == 2


@pytest.mark.slow
def test_the_smoke_grid_end_to_end(tmp_path):
    grid, store = load_grid("populations-smoke"), tmp_path / "store.sqlite"
    outcome = run_grid(grid, store, Threads(1), progress=False)
    assert (outcome.failed, outcome.unfinished) == (0, 0)
    found = findings(grid, store)
    assert found.verdict.status == 0, found.verdict.sentence
    from validation.report import write_report

    names = {path.stem for path in write_report(found, tmp_path / "report")}
    assert {"errors-balanced-limit", "growth-balanced"} <= names
    from validation.export import to_xarray

    assert set(to_xarray(found).name.values) >= {"balanced", "sparse"}
