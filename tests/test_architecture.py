"""Who may import whom, what an import costs, and what is public."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import meanfield
import spiking_reference

ROOT = Path(__file__).parents[1]
PACKAGES = ("meanfield", "spiking_reference", "validation")
# Layers of meanfield, lowest first: a module may import its own layer and those below.
LAYERS = [
    {"errors", "units", "moments", "neurons", "_elementwise"},
    {"special"},
    {"lif"},
    {"integrate_and_fire", "renewal"},
    {
        "adaptation",
        "cascade",
        "coloured_noise",
        "conductance",
        "correlation_transfer",
        "population_density",
        "shot_noise",
    },
    {"transfer"},
    {"balanced", "network", "rate"},
    {"equilibrium", "plasticity"},
    {"fluctuations"},
    {"nn", "interop"},
    {
        "_activity_plots",
        "_fluctuation_plots",
        "_network_plots",
        "_network_state_plots",
        "_rate_plots",
        "_transfer_plots",
        "plot",
        "_cli",
        "__main__",
        "",
    },
]
HEAVY = {"torch", "numba", "matplotlib", "xarray", "dask", "mpmath", "tqdm", "pandas"}


def imports_of(path: Path):
    """Absolute dotted names that a file imports, relative imports resolved."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield stem
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def files(package):
    return sorted((ROOT / package).rglob("*.py"))


def layer(parts):
    name = parts[1] if len(parts) > 1 else ""
    return next((i for i, names in enumerate(LAYERS) if name in names), None)


def test_theory_imports_neither_simulator_nor_referee():
    for path in files("meanfield"):
        for name in imports_of(path):
            assert name.split(".")[0] not in ("spiking_reference", "validation"), path


def test_simulator_knows_parameters_and_nothing_else_of_the_theory():
    for path in files("spiking_reference"):
        for name in imports_of(path):
            top = name.split(".")[0]
            assert top != "validation", path
            assert top != "meanfield" or name.startswith("meanfield.neurons"), path


def test_layers_of_the_theory():
    for path in files("meanfield"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        own = layer(tuple(p for p in parts if p != "__init__"))
        assert own is not None, f"{path}: give it a layer"
        for name in imports_of(path):
            if name.startswith("meanfield."):
                other = layer(name.split("."))
                assert other is None or other <= own, f"{path} imports {name}"


@pytest.mark.parametrize("package", PACKAGES)
def test_typed_marker(package):
    assert (ROOT / package / "py.typed").exists()


@pytest.mark.parametrize("package", ["meanfield", "spiking_reference"])
def test_import_stays_light(package):
    code = f"import {package}, sys; print(*sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    loaded = {name.split(".")[0] for name in out.stdout.split()}
    assert not loaded & HEAVY


def test_public_names():
    assert meanfield.__all__ == [
        "LIF", "ConvergenceError", "MomentActivation", "MomentDerivatives", "Moments",
        "ValidityWarning", "chi", "cv", "fano_factor", "firing_rate", "linear_response",
        "log_firing_rate", "moment_activation", "moment_activation_derivatives",
        "moment_map", "nn", "plot", "power_spectrum", "special", "units",
    ]  # fmt: skip
    assert {"simulate", "WhiteNoise"} <= set(spiking_reference.__all__)
    for name in meanfield.__all__:
        assert getattr(meanfield, name) is not None


def test_packages_of_the_theory_are_imported_on_first_use():
    for path in (ROOT / "meanfield").glob("*/__init__.py"):
        name = path.parent.name
        if not name.startswith("_") and name != "interop":  # which has its own extras
            assert getattr(meanfield, name).__name__ == f"meanfield.{name}"


def test_files_and_functions_stay_small():
    for package in PACKAGES:
        for path in files(package):
            text = path.read_text()
            assert text.count("\n") <= 500 or path.name == "_tables.py", path
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef):
                    doc = (ast.get_docstring(node) or "").count("\n")
                    length = (node.end_lineno or 0) - node.lineno - doc
                    assert length <= 61, f"{path}: {node.name}"
