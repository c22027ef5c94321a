"""Networks and results in files: what is read is what was written, or an error."""

import dataclasses
import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from scipy import sparse, stats

from meanfield import neurons
from meanfield.neurons import (
    LIF,
    Bernoulli,
    Exponential,
    FixedInDegree,
    InhibitoryPlasticity,
    IntegrateAndFire,
    Network,
    Poisson,
    PoissonSource,
    Population,
    Projection,
    Sparse,
    SpikeSource,
    load_network,
    save_network,
)
from spiking_reference import NetworkResult, Record, simulate_network

NEEDED = {
    "Exponential": {"tau": 5.0, "E_rev": -80.0},
    "Alpha": {"tau": 2.0},
    "DoubleExponential": {"tau_rise": 0.5, "tau_decay": 4.0},
    "OnDendrite": {"synapse": Exponential(tau=2.0)},
    "FixedInDegree": {"degree": 3, "multapses": False},
    "FixedOutDegree": {"degree": np.int64(3)},
    "FixedTotalNumber": {"number": 12},
    "Bernoulli": {"p": 0.1},
    "Sparse": {"matrix": sparse.random_array((4, 3), density=0.5, rng=1)},
    "Population": {"n": 3, "neuron": LIF(V_th=[20.0, 21.0, 22.0]), "current": [1, 2, 3]},
    "PoissonSource": {"n": 2, "rate": [0.01, 0.02]},
    "SpikeSource": {"n": 2, "times": [1.0, 3.5], "sources": [0, 1]},
    "Scaled": {"distribution": stats.lognorm(0.5, scale=0.1), "factor": -4.0},
    "Poisson": {"target": "E", "rate": 2.0, "weight": 0.1},
    "Projection": {
        "source": "E", "target": "I", "rule": Bernoulli(0.1),
        "weight": stats.lognorm(0.5, scale=np.exp(-1.0)), "delay": stats.uniform(1.0, scale=2.0),
    },
    "Network": {"populations": {"a b": Population(n=2, neuron=LIF())}},
    "InhibitoryPlasticity": {"eta": 1e-3, "target": 0.005, "multiplicative": True},
    "STDP": {"A_plus": 0.1, "A_minus": 0.12, "w_max": 1.0},
}  # fmt: skip
CLASSES = {
    n: c for n in neurons.__all__ if dataclasses.is_dataclass(c := getattr(neurons, n))
}
del CLASSES["IntegrateAndFire"]  # holds a function, which no file can


def assert_same(a, b):
    """Equality by value, of everything in it."""
    a = a.item() if isinstance(a, np.generic) else a
    assert type(a) is type(b)
    if dataclasses.is_dataclass(a):
        for field in dataclasses.fields(a):
            assert_same(getattr(a, field.name), getattr(b, field.name))
    elif hasattr(a, "items"):
        assert list(a) == list(b)
        for key in a:
            assert_same(a[key], b[key])
    elif isinstance(a, tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    elif sparse.issparse(a):
        assert a.shape == b.shape
        assert (a != b).nnz == 0
    elif hasattr(a, "rvs"):
        assert a.dist.name == b.dist.name
        assert_same((a.args, a.kwds), (b.args, b.kwds))
    else:
        np.testing.assert_array_equal(a, b, strict=isinstance(a, np.ndarray))


def ones(kind):
    """A 1 for every field without a default."""
    missing = (dataclasses.MISSING, dataclasses.MISSING)
    fields = dataclasses.fields(kind)
    return {f.name: 1 for f in fields if (f.default, f.default_factory) == missing}


def test_functions_are_refused(tmp_path):
    given = IntegrateAndFire(f=lambda V: -V / 20.0, V_th=20.0, V_reset=0.0)
    network = Network(populations={"A": Population(n=2, neuron=given)})
    with pytest.raises(TypeError, match=r"neuron\.f` must be numbers.*got function"):
        save_network(network, tmp_path / "network.npz")


@pytest.mark.parametrize("name", CLASSES)
def test_every_class(name, tmp_path):
    mine = CLASSES[name](**(NEEDED.get(name) or ones(CLASSES[name])))
    save_network(mine, tmp_path / "a")
    again = load_network(tmp_path / "a")
    assert_same(mine, again)
    if isinstance(mine, neurons.Parameters):
        assert mine == again
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def network():
    cells = Population(
        n=20, neuron=LIF(t_ref=2.0), receptors={"x": Exponential(tau=5.0)},
        sigma=np.linspace(1, 2, 20),
    )  # fmt: skip
    sizes = {
        "source": "I", "target": "I", "delay": stats.uniform(1.0, 2.0), "receptor": "x",
    }  # fmt: skip
    matrix = sparse.random_array((20, 2), density=0.3, rng=3)
    return Network(
        populations={
            "I": cells,
            "P": PoissonSource(n=2, rate=0.3),
            "S": SpikeSource(n=2, times=[3.0, 7.0], sources=[1, 0]),
        },
        projections=[
            Projection(rule=FixedInDegree(5), weight=stats.norm(-0.1, 0.01), **sizes),
            Projection(
                rule=FixedInDegree(2), weight=-0.1, **sizes,
                plasticity=InhibitoryPlasticity(eta=1e-2, target=0.01),
            ),
            Projection(source="P", target="I", rule=Sparse(matrix), weight=0.0, delay=1.0, receptor="x"),
        ],
        inputs=[Poisson(target="I", rate=20.0, weight=0.2, receptor="x")],
    )  # fmt: skip


def test_a_loaded_network_does_the_same_and_its_result_is_kept(tmp_path):
    save_network(network(), tmp_path / "network.npz")
    loaded = load_network(str(tmp_path / "network.npz"))
    assert_same(network(), loaded)
    record = {"I": Record(spikes=[1, 3], voltage=[0])}
    options = {"duration": 50.0, "record": record, "rng": 1, "progress": False}
    mine, again = (simulate_network(net, **options) for net in (network(), loaded))
    assert_same(mine, again)
    assert mine["I"].counts.sum() > 0
    mine.save(tmp_path / "result")
    kept = NetworkResult.load(tmp_path / "result")
    assert_same(dict(mine.populations), kept.populations)
    assert_same(mine, kept)
    assert kept["I"].rate == mine["I"].rate
    assert kept["I"].spikes.recorded.tolist() == [1, 3]
    with pytest.raises(ValueError, match="holds a 'result'"):
        load_network(tmp_path / "result")


class Own:
    def rvs(self, size, random_state):
        return np.ones(size)


def test_what_no_file_can_hold(tmp_path):
    rule = {"source": "E", "target": "E", "rule": Bernoulli(0.1)}
    with pytest.raises(TypeError, match=r"network.weight` must be .* got Own"):
        save_network(Projection(weight=Own(), delay=1.0, **rule), tmp_path / "a")
    histogram = stats.rv_histogram(np.histogram([1.0, 2.0, 3.0]))
    with pytest.raises(TypeError, match="rv_histogram"):
        save_network(Projection(weight=histogram, delay=1.0, **rule), tmp_path / "a")
    assert not list(tmp_path.iterdir())


def foreign(header):
    file = io.BytesIO()
    text = json.dumps(header).encode()
    np.savez(file, header=np.frombuffer(text, dtype=np.uint8))
    return file.getvalue()


HEADER = {"format": "meanfield", "kind": "network", "version": 1}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "something else, or damaged"),
        (b"some text", "something else, or damaged"),
        (pickle.dumps([1, 2]), "something else, or damaged"),
        (foreign({"format": "other", "kind": "network", "version": 1}), "of 'other'"),
        (foreign([1]), "something else, or damaged"),
        (foreign({**HEADER, "version": 9}), "version 9, .* install a newer one"),
        (foreign({**HEADER, "content": {"class": "Path", "fields": {}}}), "no class 'Path'"),
        (foreign({**HEADER, "content": {"class": "LIF", "fields": {"x": 1}}}), "newer"),
        (foreign({**HEADER, "content": {"array": "gone"}}), "damaged, or newer"),
        (foreign({**HEADER, "content": {"distribution": "test", "args": {"tuple": []}, "kwds": {"mapping": []}}}), "no distribution"),
    ],
)  # fmt: skip
def test_other_files(content, words, tmp_path):
    path = tmp_path / "file.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words):
        load_network(path)


def test_damage_is_found_and_absence_is_no_damage(tmp_path):
    path = tmp_path / "file.npz"
    save_network(network(), path)
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as file:
        place = file.getinfo("header.npy").header_offset + 200
    for content in (
        whole[: len(whole) // 2],
        whole[:place] + b"????" + whole[place + 4 :],
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="damaged"):
            load_network(path)
    with pytest.raises(FileNotFoundError):
        load_network(tmp_path / "none")
