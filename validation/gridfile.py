"""Grids of cases, read from TOML files."""

import dataclasses
import difflib
import hashlib
import itertools
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from .cases import MODELS, Case
from .networks import LayeredCase
from .populations import PopulationCase
from .singles import NeuronCase

__all__ = ["Grid", "GridError", "load_grid", "shipped_grids"]

# Tables of sweeps, and the kind of case that each is of.
_KINDS: dict[str, type[Case]] = {
    "sweeps": Case,
    "networks": LayeredCase,
    "singles": NeuronCase,
    "populations": PopulationCase,
}
_TOP = ("title", "description", "defaults", "neurons", *_KINDS)
_LISTS = ("correlation", "dt", "duration")  # these may be lists
_LISTS += ("fan_in", "source_rate", "excitatory", "shared", "inputs", "depth")
_LISTS += ("window", "network")
_LISTS += ("tau_syn", "jump", "amplitudes", "exc", "inh")
_LISTS += ("parameters",)
_NETWORK = ("mu", "sigma", "neuron")  # what a network brings itself


class GridError(ValueError):
    """A grid cannot be read; the message names the file, the key and a remedy."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A named list of distinct cases.

    Parameters
    ----------
    name : str
        Name of the grid: its file name without ``.toml``.
    source : str
        What `load_grid` was given.
    title, description : str
        For people.
    cases : tuple of Case
        In the order of the file, without repetitions.
    neurons : tuple of (str, Parameters)
        Names of the neurons.
    """

    name: str
    source: str
    title: str
    description: str
    cases: tuple[Case, ...]
    neurons: tuple[tuple[str, Any], ...]

    @property
    def identity(self) -> str:
        """Hash of the set of cases; their order does not matter."""
        hashes = sorted(case.hash for case in self.cases)
        return hashlib.sha256("".join(hashes).encode()).hexdigest()

    def neuron_name(self, case: Case) -> str:
        """Name that the grid gives to the neuron of a case, or to its network."""
        if isinstance(case, PopulationCase):
            return case.name or case.preset
        return next(name for name, known in self.neurons if known == case.neuron)

    def find(self, prefix: str) -> Case:
        """Return the case whose hash starts with `prefix`.

        Raises
        ------
        GridError
            If no case does, or more than one.
        """
        found = [c for c in self.cases if c.hash.startswith(prefix.lower())]
        if len(found) != 1:
            raise GridError(
                f"`HASH` must be the beginning of one case's hash in grid "
                f"{self.name!r}; {prefix!r} fits {len(found)}; "
                f"`status` and `report` show the hashes"
            )
        return found[0]


def shipped_grids() -> list[str]:
    """Names of the grids that come with the package.

    Examples
    --------
    >>> shipped_grids()  # doctest: +NORMALIZE_WHITESPACE
    ['demo', 'full', 'layers', 'layers-smoke', 'neurons', 'neurons-smoke', 'populations',
     'populations-full', 'populations-smoke', 'smoke']
    """
    folder = resources.files("validation") / "grids"
    names = (entry.name for entry in folder.iterdir())
    return sorted(n.removesuffix(".toml") for n in names if n.endswith(".toml"))


def load_grid(name_or_path: str | Path) -> Grid:
    """Read a grid: a shipped one by its name, or a TOML file by its path.

    Parameters
    ----------
    name_or_path : str or Path
        ``"demo"``, or ``"my_grid.toml"`` (a path ends in ``.toml``).

    Returns
    -------
    Grid

    Raises
    ------
    GridError
        With file, key, value and remedy.

    Notes
    -----
    A file has ``[defaults]`` (options of every case), ``[neurons.NAME]`` tables, and
    any number of ``[[sweeps]]``, of single LIF neurons and pairs, ``[[networks]]``, of
    layers, and ``[[singles]]``, of single neurons of any model and input. Each is the
    product of neuron x point x options given as lists, where the points are either
    ``mu`` x ``sigma`` or ``points = [[mu, sigma], ...]``; all other keys are options of
    its cases, the fields of `Case`, of `LayeredCase` and of `NeuronCase`. A neuron is a
    LIF unless ``model`` names another class of `meanfield.neurons`. ``[[populations]]``
    are recurrent networks, with `parameters` (or a list of such) in the place of neuron
    and points, see `PopulationCase`.

    Examples
    --------
    >>> len(load_grid("smoke").cases) > 3
    True
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise GridError(f"grid file {path} cannot be read: {error}") from None
    elif str(name_or_path) in shipped_grids():
        folder = resources.files("validation") / "grids"
        text = (folder / f"{name_or_path}.toml").read_text(encoding="utf-8")
    else:
        raise GridError(
            f"no grid is called {str(name_or_path)!r}; shipped are "
            f"{', '.join(shipped_grids())}; a grid of your own is a path ending in "
            "`.toml`"
        )
    return parse_grid(text, path.stem, str(name_or_path))


def parse_grid(text: str, name: str, source: str) -> Grid:
    """Turn the text of a grid file into a `Grid`; see `load_grid`."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GridError(f"grid {source} is not valid TOML: {error}") from None
    _known(content, _TOP, f"grid {source}")
    defaults = _table(content, "defaults", f"grid {source}")
    given = {name: kind for name, kind in _KINDS.items() if name in content}
    known = [o for kind in (given or _KINDS).values() for o in _options(kind)]
    _known(defaults, tuple(dict.fromkeys(known)), f"grid {source}, [defaults]")
    neurons = _neurons(content, source)
    cases: dict[str, Case] = {}
    for table, kind in given.items():
        sweeps = content[table]
        for number, sweep in enumerate(sweeps if isinstance(sweeps, list) else [], 1):
            where = f"grid {source}, [[{table}]] number {number}"
            for case in _expand(kind, sweep, defaults, neurons, where):
                cases.setdefault(case.hash, case)
    if not cases:
        raise GridError(f"grid {source} has no [[sweeps]]; add one with points")
    return Grid(
        name=name,
        source=source,
        title=str(content.get("title", name)),
        description=str(content.get("description", "")).strip(),
        cases=tuple(cases.values()),
        neurons=tuple(neurons.items()),
    )


def _known(table: dict, names: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in names:
            close = difflib.get_close_matches(key, names, 1)
            hint = f"did you mean `{close[0]}`?" if close else "remove it"
            raise GridError(
                f"{where}: `{key}` is not a key here; {hint} Known are "
                f"{', '.join(names)}"
            )


def _table(content: dict, name: str, where: str) -> dict:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise GridError(f"{where}: `{name}` must be a table; got {table!r:.60}")
    return table


def _neurons(content: dict, source: str) -> dict[str, Any]:
    neurons = {}
    for name, parameters in _table(content, "neurons", f"grid {source}").items():
        where = f"grid {source}, [neurons.{name}]"
        if not isinstance(parameters, dict):
            raise GridError(f"{where} must be a table; got {parameters!r:.60}")
        kind = parameters.pop("model", "LIF")
        if kind not in MODELS:
            raise GridError(
                f"{where}: `model` must be one of {', '.join(MODELS)}; got {kind!r}"
            )
        known = tuple(field.name for field in dataclasses.fields(MODELS[kind]))
        _known(parameters, known, where)
        try:
            neurons[name] = MODELS[kind](**parameters)
        except (TypeError, ValueError) as error:
            raise GridError(f"{where}: {error}") from None
        if neurons[name].shape != ():
            raise GridError(f"{where}: parameters must be numbers, not lists")
    return neurons or {"default": MODELS["LIF"]()}


def _options(kind: type[Case]) -> tuple[str, ...]:
    names = (field.name for field in dataclasses.fields(kind))
    return tuple(name for name in names if name not in _NETWORK)


def _list(value: Any) -> list:
    return value if isinstance(value, list) else [value]


def _points(sweep: dict, where: str) -> Iterator[tuple[Any, Any]]:
    if ("points" in sweep) == ("mu" in sweep or "sigma" in sweep):
        raise GridError(f"{where}: give either `points` or both `mu` and `sigma`")
    if "points" not in sweep:
        for name in ("mu", "sigma"):
            if not _list(sweep.get(name, [])):
                raise GridError(f"{where}: `{name}` is missing; give a number or list")
        return itertools.product(_list(sweep["mu"]), _list(sweep["sigma"]))
    points = sweep["points"]
    pairs = isinstance(points, list) and all(
        isinstance(p, list) and len(p) == 2 for p in points
    )
    if not pairs or not points:
        raise GridError(
            f"{where}: `points` must be a list of [mu, sigma]; got {points!r:.60}"
        )
    return ((mu, sigma) for mu, sigma in points)


def _expand(
    kind: type[Case], sweep: dict, defaults: dict, neurons: dict[str, Any], where: str
) -> Iterator[Case]:
    allowed = _options(kind)
    recurrent = kind is PopulationCase
    _known(sweep, (*(() if recurrent else ("points", *_NETWORK)), *allowed), where)
    inputs = [{}] if recurrent else list(_inputs(sweep, neurons, where))
    options = {k: v for k, v in (defaults | sweep).items() if k in allowed}
    lists = {k: _list(v) if k in _LISTS else [v] for k, v in options.items()}
    for given in inputs:
        for values in itertools.product(*lists.values()):
            fields: dict[str, Any] = given | dict(zip(lists, values, strict=True))
            try:
                yield kind(**fields)
            except (TypeError, ValueError) as error:
                raise GridError(f"{where}: {error}") from None


def _inputs(sweep: dict, neurons: dict[str, Any], where: str) -> Iterator[dict]:
    """Yield every neuron with every point."""
    points = list(_points(sweep, where))
    names = _list(sweep.get("neuron", list(neurons)))
    for name in names:
        if name not in neurons:
            raise GridError(
                f"{where}: `neuron` must be one of {', '.join(neurons)}; got {name!r}"
            )
    for name, (mu, sigma) in itertools.product(names, points):
        yield {"mu": mu, "sigma": sigma, "neuron": neurons[name]}
