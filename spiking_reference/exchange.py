"""Results in the containers of other packages: xarray, and Neo for Elephant and others."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .results import SpikeTrains

if TYPE_CHECKING:
    from .network_result import NetworkResult, PopulationResult

__all__ = ["network_dataset", "population_dataset", "spikes_dataset", "spikes_neo"]

# Units of the variables of the neurons that have one in all models.
_UNITS = {"V": "mV", "theta": "mV"}


def _xarray() -> Any:
    try:
        import xarray
    except ImportError as error:  # pragma: no cover - needs an environment without it
        raise ImportError(
            "to_xarray needs xarray: pip install 'meanfield-theory[validation]'"
        ) from error
    return xarray


def spikes_dataset(spikes: SpikeTrains) -> Any:
    """See `SpikeTrains.to_xarray`."""
    recorded = _recorded(spikes)
    return _xarray().Dataset(
        {
            "time": ("spike", spikes.times, {"units": "ms"}),
            "neuron": ("spike", spikes.neurons),
        },
        {"recorded": ("recorded", recorded)},
        {
            "t_start": spikes.t_start, "t_stop": spikes.t_stop,
            "n_neurons": spikes.n_neurons, "units": "ms",
        },
    )  # fmt: skip


def population_dataset(result: "PopulationResult", units: Any = None) -> Any:
    """See `PopulationResult.to_xarray`."""
    middle = (np.arange(result.activity.size) + 0.5) * result.bin
    rate = result.activity / (result.n * result.bin)
    variables = {
        "counts": ("neuron", result.counts, {"units": "1"}),
        "rates": ("neuron", result.rates, {"units": "kHz"}),
        "cv": ("neuron", result.cv, {"units": "1"}),
        "activity": ("bin", result.activity, {"units": "1"}),
        "rate": ("bin", rate, {"units": "kHz"}),
    }
    coordinates = {
        "neuron": np.arange(result.n),
        "bin": ("bin", middle, {"units": "ms", "long_name": "middle of the bin"}),
    }
    known = {**_UNITS, **(units or {})}
    for name, trace in result.traces.items():
        attributes = {"units": known[name]} if name in known else {}
        variables[f"trace_{name}"] = ("traced", "t"), trace, attributes
    if result.t is not None:
        coordinates["t"] = ("t", result.t, {"units": "ms"})
    attributes = {"bin": result.bin, "duration": result.duration, "units": "ms"}
    return _xarray().Dataset(variables, coordinates, attributes)


def network_dataset(result: "NetworkResult", units: Any = None) -> Any:
    """See `NetworkResult.to_xarray`."""
    nodes = {}
    for name, population in result.items():
        if "/" in name:
            raise ValueError(
                f"names of populations must have no '/' in xarray; got {name!r}; take "
                "the populations' to_xarray()"
            )
        nodes[name] = population.to_xarray(units)
        if population.spikes is not None:
            nodes[f"{name}/spikes"] = _as_child(population.spikes.to_xarray())
    return _xarray().DataTree.from_dict(nodes)


def _as_child(spikes: Any) -> Any:
    """Rename what in a tree would clash with the population's neurons."""
    return spikes.rename_vars({"neuron": "sender"})


def spikes_neo(spikes: SpikeTrains) -> list:
    """See `SpikeTrains.to_neo`."""
    try:
        from neo import SpikeTrain
    except ImportError as error:  # pragma: no cover - needs an environment without it
        raise ImportError(
            "to_neo needs Neo: pip install 'meanfield-theory[neo]'"
        ) from error
    span = {"t_start": spikes.t_start, "t_stop": spikes.t_stop, "units": "ms"}
    neurons = _recorded(spikes)
    first = np.searchsorted(spikes.neurons, neurons, side="left")
    stop = np.searchsorted(spikes.neurons, neurons, side="right")
    return [
        SpikeTrain(spikes.times[a:b], neuron=int(neuron), **span)
        for neuron, a, b in zip(neurons, first, stop, strict=True)
    ]


def _recorded(spikes: SpikeTrains) -> np.ndarray:
    if spikes.recorded is None:
        return np.arange(spikes.n_neurons)
    return spikes.recorded
