"""Layers of spiking neurons against the moment network, and the referee of this."""

import dataclasses

import numpy as np
import pytest

from meanfield import LIF, Moments
from spiking_reference import GaussianInput, simulate_layers
from validation import GridError, LayeredCase, load_grid
from validation.campaign import findings, run_grid
from validation.chain import chain, layer_allowances, points, predict_layers, regime
from validation.compare import compare
from validation.evaluate import Result, evaluate
from validation.gridfile import parse_grid
from validation.layered import measurement_name
from validation.pooling import Measurement
from validation.report import write_report
from validation.verdict import judge
from validation.workers import Threads

SMALL = LayeredCase(
    mu=1.0, sigma=0.6, fan_in=20, source_rate=0.2, background=1.0, depth=2, units=5,
    duration=4000.0, window=400.0, max_rounds=1,
)  # fmt: skip

SHARING = LayeredCase(
    mu=1.0, sigma=1.0, fan_in=40, source_rate=1.0, shared=0.4, units=5, max_rounds=1
)


@pytest.fixture(scope="module")
def measured():
    return evaluate(SMALL)


def drawn(case, rng, df=63, relative=0.01):
    """A result as a simulation of networks as predicted would give it."""
    found = []
    for layer, moments in enumerate(predict_layers(case), 1):
        std = np.sqrt(np.diagonal(moments.cov))
        scales = dict(
            points(layer, moments.mean, np.multiply.outer(std, std), case.units)
        )
        for key, exact in points(layer, *moments, case.units):
            stderr = relative * float(scales[key])
            value = float(exact) + stderr * rng.standard_normal()
            error = stderr * np.sqrt(rng.chisquare(df) / df)
            found.append(Measurement(measurement_name(*key), value, error, df))
    return Result(
        stop="precision", rounds=1, replicas=df + 1, spikes=10**5, measurements=tuple(found)
    )  # fmt: skip


# Wrong theories, as one might write them.
def without_chi(case):
    """Correlations pass unchanged."""
    found = []
    for drive, output in chain(case.build()):
        std, sigma = (np.sqrt(np.diagonal(m.cov)) for m in (output, drive))
        cov = drive.cov * np.multiply.outer(std / sigma, std / sigma)
        found.append(Moments(output.mean, cov))
    return tuple(found)


def transposed(case):
    """Weights of the first layer, square, the wrong way round."""
    network = case.build()
    first, *others = network.layers
    first = first._replace(weights=first.weights.T)
    network = network._replace(layers=(first, *others))
    return tuple(output for _, output in chain(network))


def poisson_variance(case):
    """Hidden layers taken for Poisson."""
    return tuple(
        Moments(m.mean, m.cov + np.diag(m.mean - np.diagonal(m.cov)))
        for m in predict_layers(case)
    )


def without_background(case):
    """Noise of the layers' own forgotten."""
    network = case.build()
    layers = tuple(la._replace(sigma=0 * la.sigma) for la in network.layers)
    return tuple(output for _, output in chain(network._replace(layers=layers)))


def test_the_simulation_agrees_with_the_prediction(measured):
    # One test in 100 seeds would fail if the theory held within its budget.
    verdict = judge({SMALL: measured}, [SMALL])
    assert verdict.status == 0, [(c.quantity, c.place, c.z) for c in verdict.rejected]
    # All units of both layers, and the pairs of the first, can be tested.
    kinds = {(c.quantity, c.layer) for c in verdict.tested}
    assert kinds >= {(q, i) for q in ("rate", "variance") for i in (1, 2)}
    assert len([c for c in verdict.tested if "," in c.unit and c.layer == 1]) == 10


@pytest.mark.parametrize("wrong", [transposed, poisson_variance, without_background])
def test_a_wrong_theory_is_caught_by_the_simulation(wrong, measured):
    assert judge({SMALL: measured}, [SMALL], predict=wrong).status == 1


@pytest.mark.parametrize(
    ("case", "wrong", "quantity"),
    [
        (SHARING, without_chi, "covariance"),
        (SMALL, poisson_variance, "variance"),
        (SMALL, transposed, "rate"),
    ],
)
def test_a_wrong_theory_is_rejected_and_named(case, wrong, quantity):
    result = drawn(case, np.random.default_rng(0))
    assert judge({case: result}, [case]).status == 0
    rejected = judge({case: result}, [case], predict=wrong).rejected
    assert quantity in {r.quantity for r in rejected}


def test_false_alarms_come_at_the_stated_rate(monkeypatch):
    # 200 networks at 10 %, no budget: between 5 and 38 alarms but for 1 in 1e4 seeds.
    none = dict.fromkeys(layer_allowances(SMALL), ())
    monkeypatch.setattr("validation.compare.layer_allowances", lambda _: none)
    exact = predict_layers(SMALL)
    rng = np.random.default_rng(1)
    alarms = sum(
        judge({SMALL: drawn(SMALL, rng)}, [SMALL], alpha=0.1, predict=lambda _: exact).status
        for _ in range(200)
    )  # fmt: skip
    assert 5 <= alarms <= 38


def test_measurements_are_means_over_replicas(measured):
    again = evaluate(LayeredCase.from_json(SMALL.to_json()))
    assert again == measured
    assert {m.df for m in measured.measurements} == {SMALL.replicas - 1}
    rates = [measured[measurement_name("rate", 2, str(i))].value for i in range(5)]
    assert np.isclose(measured["rate 2 mean"].value, np.mean(rates))  # all its units
    pairs = [
        m.value for m in measured.measurements if m.name.startswith("covariance 2")
    ]
    assert np.isclose(pairs[0], np.mean(pairs[1:]))


def test_replicas_do_not_depend_on_how_many_are_held_at_a_time(monkeypatch, measured):
    # Other streams, but estimates of the same: within 6 joint standard errors.
    monkeypatch.setattr("validation.layered._LARGEST", 4 * 2 * 100**2)
    for one, other in zip(
        evaluate(SMALL).measurements, measured.measurements, strict=True
    ):
        assert one.value != other.value
        assert abs(one.value - other.value) < 6 * np.hypot(one.stderr, other.stderr)


def test_networks_are_as_described():
    case = LayeredCase(
        mu=0.7, sigma=1.2, fan_in=40, source_rate=0.05, excitatory=0.75, shared=0.25,
        spread=0.0, depth=2, units=7,
    )  # fmt: skip
    hidden, last = (layer.weights for layer in case.build().layers)
    assert (hidden.shape, last.shape) == ((160, 160), (7, 160))
    assert set((hidden != 0).sum(axis=1)) == {40}
    assert set((hidden > 0).sum(axis=1)) == {30}
    signs = np.sign(hidden)
    assert (signs.max(axis=0) - signs.min(axis=0) <= 1).all()  # Dale's law
    drive, _ = next(chain(case.build()))
    assert np.allclose(drive.mean, 0.7)
    assert np.isclose(np.sqrt(np.diagonal(drive.cov)).mean(), 1.2, rtol=0.01)
    rho = drive.cov / np.diagonal(drive.cov).mean()
    shared = (rho.sum() - np.trace(rho)) / (160 * 159)
    assert np.isclose(shared, 0.25 / (1 + 0.5**2 / 3), rtol=0.05)
    assert np.isclose(regime(case)[0].spikes, 40 * 0.05 * 20, rtol=0.05)
    other = dataclasses.replace(case, network=1).build()
    assert not np.array_equal(other.layers[0].weights, hidden)


def test_the_prediction_is_that_of_the_moment_network():
    torch = pytest.importorskip("torch")
    from meanfield.nn import MomentLayer, convert
    from meanfield.nn import Moments as Tensors
    from validation.networks import Network, SpikingLayer

    torch.manual_seed(0)
    net = torch.nn.Sequential(
        MomentLayer(12, 8, noise=True, covariance="full"),
        MomentLayer(8, 3, noise=True, covariance="full"),
    ).double()  # fmt: skip
    with torch.no_grad():
        for layer in net:
            layer.linear.noise.uniform_(0.1, 0.5)
    rates = torch.rand(20, 12, dtype=torch.float64)
    for _ in range(3):  # running statistics for the normalization
        net(Tensors(rates, torch.diag_embed(rates)))
    net.eval()
    one = rates[:1]
    with torch.no_grad():
        expected = net(Tensors(one, torch.diag_embed(one)))
    layers = tuple(SpikingLayer(*layer) for layer in convert(net))
    *_, (_, output) = chain(Network(layers, one[0].numpy()))
    np.testing.assert_allclose(output.mean, expected.mean[0], rtol=1e-9)
    np.testing.assert_allclose(output.cov, expected.cov[0], rtol=1e-8, atol=1e-15)


def test_budgets_vanish_where_the_assumptions_hold():
    white = LayeredCase(mu=1.0, sigma=1.0, fan_in=20, inputs="gaussian")
    reasons = {r for terms in layer_allowances(white).values() for r, *_ in terms}
    assert reasons == {"simulator's bias", "finite window", "linear chi"}
    poisson = dataclasses.replace(white, inputs="poisson")
    sizes = []
    for fan_in in (20, 500):
        terms = layer_allowances(dataclasses.replace(poisson, fan_in=fan_in))
        below, above = next(
            t[1:] for t in terms["rate", 1, "0"] if t[0] == "finite jumps"
        )
        sizes.append(below + above)
    assert 4 < sizes[0] / sizes[1] < 6  # the size of jumps: sqrt(1/fan_in)
    deep = dataclasses.replace(poisson, depth=2)
    coloured = [
        r for (_, layer, _), terms in layer_allowances(deep).items()
        for r, *_ in terms if layer == 1
    ]  # fmt: skip
    assert "coloured input" not in coloured


def test_what_the_budget_exceeds_by_half_is_no_test():
    coarse = LayeredCase(mu=0.8, sigma=1.0, fan_in=5, units=2)
    (first, *_) = compare(coarse, drawn(coarse, np.random.default_rng(0)))
    assert first.untested.endswith("most of it is finite jumps")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fan_in": 1}, "`fan_in` must be an integer of at least 2; got 1"),
        ({"shared": 0.0}, "`shared` must be above 0"),
        ({"inputs": "pink"}, "`inputs` must be one of"),
        ({"correlation": 0.3}, "`correlation` must be 0 for layers"),
        ({"scheme": "euler"}, "`scheme` must be"),
        ({"source_rate": -1.0}, "`source_rate`"),
        ({"window": 5000.0}, "`window` must be"),
        ({"depth": 1.5}, "`depth` must be"),
    ],
)
def test_errors_name_the_field(change, words):
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(SMALL, **change)


def test_grid_files():
    text = "[[networks]]\nmu = [0.8, 1]\nsigma = 1\nfan_in = [10, 20]\ndepth = 2\n"
    grid = parse_grid("[defaults]\nunits = 4\n" + text, "t", "t.toml")
    assert [c.fan_in for c in grid.cases] == [10, 20, 10, 20]
    assert {(c.units, c.depth) for c in grid.cases} == {(4, 2)}
    mixed = parse_grid("[[sweeps]]\nmu = 1\nsigma = 1\n" + text, "t", "t.toml")
    assert len(mixed.cases) == 5
    with pytest.raises(GridError, match=r"\[\[networks\]\] number 1: `fan_inn`"):
        parse_grid(text.replace("fan_in", "fan_inn"), "t", "t.toml")
    with pytest.raises(GridError, match=r"\[defaults\]: `fan_in`"):
        parse_grid(
            "[defaults]\nfan_in = 4\n[[sweeps]]\nmu = 1\nsigma = 1\n", "t", "t.toml"
        )  # fmt: skip


def test_from_the_grid_to_the_page(tmp_path):
    grid, store = load_grid("layers-smoke"), tmp_path / "layers.sqlite"
    assert run_grid(grid, store, Threads(), progress=False).done == len(grid.cases)
    found = findings(grid, store)
    assert found.verdict.status == 0
    *figures, page = write_report(found, tmp_path)
    names = {path.stem for path in figures}
    assert names >= {"scatter-rate-layer-2", "regimes-variance", "z-histogram"}
    text = page.read_text(encoding="utf-8")
    assert "Regimes" in text
    assert "2 of 2" in text
    assert found.entries[grid.cases[0]].result.spikes > 0


def test_export_has_a_row_for_each_comparison(tmp_path, measured):
    pytest.importorskip("xarray")
    from validation.campaign import Findings
    from validation.export import to_xarray
    from validation.gridfile import Grid
    from validation.store import Entry

    grid = Grid(
        name="one", source="one", title="One", description="", cases=(SMALL,),
        neurons=(("default", LIF()),),
    )  # fmt: skip
    data = to_xarray(
        Findings(
            grid=grid, verdict=judge({SMALL: measured}, [SMALL]), failures={}, others=0,
            entries={SMALL: Entry(result=measured, seconds=1.0, versions="{}")},
        )
    )  # fmt: skip
    assert data.sizes["comparison"] == 2 * (5 + 5 + 10 + 3)
    one = data.isel(comparison=(data.layer == 2) & (data.unit == "3"))
    assert list(one.quantity.values) == ["rate", "variance"]
    assert set(data.fan_in.values) == {20}


@pytest.mark.slow
def test_white_noise_is_predicted_exactly():
    # Correlated white noise into one layer: 4 networks, 0.2 % for mean rates, 1 % for
    # mean variances; one run in 100 would fail for a correct theory.
    cases = [
        LayeredCase(
            mu=mu, sigma=1.0, inputs="gaussian", fan_in=50, window=2000.0, dt=0.1,
            precision=0.003, correlation_precision=0.03, duration=20000.0, max_rounds=20,
        )
        for mu in (0.7, 0.9, 1.1, 1.4)
    ]  # fmt: skip
    results = {case: evaluate(case) for case in cases}
    verdict = judge(results, cases)
    assert verdict.status == 0
    pooled = {p.quantity: p for p in verdict.pooled}
    assert pooled["rate"].bound < 0.004
    assert abs(pooled["variance"].mean) < 0.03
    assert judge(results, cases, predict=without_chi).status == 1


@pytest.mark.slow
def test_equal_moments_are_not_equal_trains():
    # The theory passes on a hidden layer's moments: given them as white noise the second
    # layer is as predicted; given the spike trains themselves, far from it.
    case = LayeredCase(mu=0.8, sigma=1.0, fan_in=30, depth=2, units=10, max_rounds=1)
    network = case.build()
    hidden, last = predict_layers(case)
    inputs = GaussianInput(mean=hidden.mean[None], cov=hidden.cov[None])
    run = simulate_layers(
        network.layers[1:], inputs, duration=4000.0, warmup=300.0, dt=0.2, trials=64, rng=3
    )  # fmt: skip
    rate = run.layers[0].rate
    z = (rate.value[0] - last.mean) / rate.stderr[0]
    assert np.abs(z).max() < 4  # one in 1000 seeds
    trains = evaluate(case)["rate 2 mean"]
    assert trains.value > 1.5 * last.mean.mean() + 10 * trains.stderr
