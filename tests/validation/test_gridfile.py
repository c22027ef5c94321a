import pytest

from meanfield import LIF
from validation import Case, GridError, load_grid
from validation.gridfile import parse_grid, shipped_grids

TEXT = """
title = "T"
[defaults]
dt = 0.2
[neurons.a]
t_ref = 2
[neurons.b]
tau_m = 10
[[sweeps]]
mu = [1, 2]
sigma = [0.5, 1]
dt = [0.1, 1]
[[sweeps]]
neuron = "b"
points = [[1, 1], [3, 2]]
correlation = [0.0, 0.2]
duration = [5000, 10000]
"""


def test_product_of_neuron_point_and_options():
    grid = parse_grid(TEXT, "t", "t.toml")
    assert len(grid.cases) == 2 * 2 * 2 * 2 + 2 * 2 * 2
    assert {c.dt for c in grid.cases[:16]} == {0.1, 1.0}
    assert {c.dt for c in grid.cases[16:]} == {0.2}
    assert all(c.neuron == LIF(tau_m=10) for c in grid.cases[16:])
    case = Case(mu=1.0, sigma=1.0, neuron=LIF(t_ref=2.0))
    assert grid.neuron_name(case) == "a"


def test_identity_is_the_content():
    grid = parse_grid(TEXT, "t", "t.toml")
    swapped = TEXT.replace("[1, 2]", "[2, 1.0]").replace('"T"', '"other title"')
    assert parse_grid(swapped, "u", "u.toml").identity == grid.identity
    more = TEXT.replace("[1, 2]", "[1, 2, 3]")
    assert parse_grid(more, "t", "t.toml").identity != grid.identity


def test_repeated_cases_count_once():
    text = "[[sweeps]]\nmu = [1, 1.0]\nsigma = 1\n[[sweeps]]\npoints = [[1, 1]]\n"
    assert len(parse_grid(text, "t", "t").cases) == 1


@pytest.mark.parametrize("name", shipped_grids())
def test_shipped_grids_are_valid(name):
    grid = load_grid(name)
    assert grid.title
    assert grid.description
    assert grid.cases


def test_find_by_the_beginning_of_the_hash():
    grid = load_grid("smoke")
    case = grid.cases[2]
    assert grid.find(case.hash[:12].upper()) == case
    with pytest.raises(GridError, match="fits 0"):
        grid.find("xyz")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("dt = 0.2", "dtt = 0.2", ["t.toml", "[defaults]", "`dtt`", "did you mean"]),
        ("t_ref = 2", "t_reff = 2", ["[neurons.a]", "`t_reff`", "`t_ref`"]),
        ("t_ref = 2", "t_ref = -2", ["[neurons.a]", "`t_ref`", "-2.0"]),
        ("t_ref = 2", "t_ref = [2, 3]", ["[neurons.a]", "numbers, not lists"]),
        ("sigma = [0.5, 1]", "", ["number 1", "`sigma` is missing"]),
        ("sigma = [0.5, 1]", "sigma = [0.5, -1]", ["number 1", "`sigma`", "-1.0"]),
        ("mu = [1, 2]", "points = [[1, 1]]", ["number 1", "either `points`"]),
        ("[[1, 1], [3, 2]]", "[1, 1]", ["number 2", "`points`", "[mu, sigma]"]),
        ('"b"', '"c"', ["number 2", "`neuron`", "a, b", "'c'"]),
        ("[[sweeps]]", "[[sweep]]", ["t.toml", "`sweep`", "`sweeps`"]),
        ("dt = 0.2", "dt = ", ["t.toml", "not valid TOML", "line"]),
        ('title = "T"', "defaults = 1", ["t.toml"]),
    ],
)
def test_errors_name_file_key_value_and_remedy(old, new, words):
    with pytest.raises(GridError) as error:
        parse_grid(TEXT.replace(old, new), "t", "t.toml")
    for word in words:
        assert word in str(error.value)


def test_unknown_names_and_files(tmp_path):
    with pytest.raises(
        GridError, match="shipped are demo, full, layers, layers-smoke, neurons"
    ):
        load_grid("nothing")
    with pytest.raises(GridError, match=r"nothing.toml cannot be read"):
        load_grid(tmp_path / "nothing.toml")
    (tmp_path / "latin.toml").write_bytes(b'title = "\xe4"')
    with pytest.raises(GridError, match="cannot be read"):
        load_grid(tmp_path / "latin.toml")
