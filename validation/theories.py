"""Theories of single neurons: what each is about, and how far off it may be.

A `Theory` is data: which cases it applies to, its functions, its error budget, and the
parameter that should be small. `forecasts.forecasts` holds a case against all that apply.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

from .singles import NeuronCase

__all__ = ["THEORIES", "Function", "Theory", "theory_of"]

Function = Callable[..., Any]
Functions = Mapping[str, Function]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Theory:
    """A theory of single neurons.

    Parameters
    ----------
    name : str
        As it stands in tables and figures.
    limits : str
        What its error budget covers, in a sentence.
    applies : callable
        From a case to whether the theory is about it.
    functions : callable
        From a case to what it predicts: "rate" and "cv", functions of nothing, and
        "spectrum" and "response" from frequencies [kHz].
    small : callable
        From a case and those functions to what the error should vanish with, or, for an
        exact theory, what tells the cases apart.
    parameter : str
        Name and unit of that.
    budget : callable, optional
        From a case and those functions to relative errors, by the name of the function;
        none for an exact theory.
    """

    name: str
    limits: str
    applies: Callable[[NeuronCase], bool]
    functions: Callable[[NeuronCase], Functions]
    small: Callable[[NeuronCase, Functions], float]
    parameter: str
    budget: Callable[[NeuronCase, Functions], Mapping[str, float]] = lambda *_: {}


def theory_of(name: str) -> Theory:
    """Return the theory of that name."""
    return next(theory for theory in THEORIES if theory.name == name)


def _stationary(theory: Any, *arguments: Any, **options: Any) -> dict[str, Function]:
    return {
        "rate": lambda: float(theory.firing_rate(*arguments, **options)),
        "cv": lambda: float(theory.cv(*arguments, **options)),
    }


def _white(*models: str) -> Callable[[NeuronCase], bool]:
    """Return whether a case is of one of the models, in white noise."""

    def applies(case: NeuronCase) -> bool:
        coloured = case.tau_syn or case.jump or case.exc or case.inh
        return case.model in models and not coloured

    return applies


def _hertz(case: NeuronCase, functions: Functions) -> float:
    return 1e3 * functions["rate"]()


def _siegert(case: NeuronCase) -> Functions:
    import meanfield

    return _stationary(meanfield, case.mu, case.sigma, case.neuron)


def _threshold_integration(case: NeuronCase) -> Functions:
    from meanfield import integrate_and_fire as theory

    given = case.mu, case.sigma, case.neuron
    return _stationary(theory, *given) | {
        "spectrum": lambda f: theory.power_spectrum(f, *given),
        "response": lambda f: theory.linear_response(f, *given),
    }


_EXACT = (
    Theory(
        name="Siegert",
        limits="exact for white noise.",
        applies=_white("LIF"),
        functions=_siegert,
        small=_hertz,
        parameter="rate (Hz)",
    ),
    Theory(
        name="threshold integration",
        limits="exact for white noise.",
        applies=_white("LIF", "EIF", "QIF"),
        functions=_threshold_integration,
        small=_hertz,
        parameter="rate (Hz)",
    ),
)


def _coloured_noise(case: NeuronCase) -> Functions:
    from meanfield import coloured_noise as theory

    given = case.mu, case.sigma, case.tau_syn, case.neuron
    return _stationary(theory, *given) | {
        "response": lambda f: theory.linear_response(f, *given)
    }


def _effective_threshold(case: NeuronCase) -> Functions:
    from meanfield.coloured_noise import effective_neuron

    # Not `method`, which warns: here the errors of slow synapses are looked at.
    neuron = effective_neuron(case.sigma, case.tau_syn, case.neuron)
    return _siegert(dataclasses.replace(case, neuron=neuron))


def _slowness(case: NeuronCase, functions: Functions) -> float:
    return case.tau_syn / case.tau_m


def _of_synapses(case: NeuronCase, functions: Functions) -> dict[str, float]:
    half = _slowness(case, functions) / 2
    return {"rate": half, "cv": half}


_COLOURED = (
    Theory(
        name="coloured noise",
        limits="finite elements, to 0.1 % (0.03 % and less were seen).",
        applies=lambda case: case.model == "LIF" and case.tau_syn > 0,
        functions=_coloured_noise,
        small=_slowness,
        parameter="tau_syn / tau_m",
        budget=lambda *_: dict.fromkeys(("rate", "cv", "response"), 1e-3),
    ),
    Theory(
        name="effective threshold",
        limits=(
            "first order in sqrt(tau_syn/tau_m); errors of rate and CV are about "
            "tau_syn/(2 tau_m)."
        ),
        applies=lambda case: case.model == "LIF" and case.tau_syn > 0,
        functions=_effective_threshold,
        small=_slowness,
        parameter="tau_syn / tau_m",
        budget=_of_synapses,
    ),
)


def _shot_noise(case: NeuronCase) -> Functions:
    from meanfield import shot_noise as theory

    shot = case.shot
    inputs = shot.exc_rate, shot.jump, shot.inh_rate, shot.jump, case.neuron
    return _stationary(theory, *inputs, mu=shot.mu, amplitudes=case.amplitudes)


def _size(case: NeuronCase, functions: Functions) -> float:
    return case.jump / float(case.neuron.V_th - case.neuron.V_reset)


def _of_jumps(case: NeuronCase, functions: Functions) -> dict[str, float]:
    higher = float(case.neuron.V_th) + case.jump
    moved = dataclasses.replace(
        case, neuron=dataclasses.replace(case.neuron, V_th=higher)
    )
    there = _siegert(moved)
    change = {n: abs(there[n]() / functions[n]() - 1) for n in ("rate", "cv")}
    return {"rate": change["rate"], "cv": change["cv"] + _size(case, functions)}


_SHOT = (
    Theory(
        name="shot noise",
        limits="exact for Poisson jumps.",
        applies=lambda case: case.jump > 0,
        functions=_shot_noise,
        small=_size,
        parameter="jump / (V_th − V_reset)",
    ),
    Theory(
        name="diffusion approximation",
        limits=(
            "white noise in the place of jumps: what it changes by if the threshold moves "
            "by a mean jump; for the CV also the jump over V_th − V_reset."
        ),
        applies=lambda case: case.jump > 0,
        functions=_siegert,
        small=_size,
        parameter="jump / (V_th − V_reset)",
        budget=_of_jumps,
    ),
)


def _effective_time_constant(case: NeuronCase) -> Functions:
    from meanfield import conductance as theory

    given = (case.exc, case.inh), case.neuron, _afferents(case)
    current = case.mu * float(case.neuron.C_m)
    return {"rate": lambda: float(theory.firing_rate(*given, current=current))}


def _afferents(case: NeuronCase) -> list[Any]:
    from meanfield.conductance import Afferents
    from meanfield.neurons import Exponential

    return [
        Afferents(synapse=Exponential(tau=tau, E_rev=E), weight=weight)
        for weight, tau, E in case.synapses
    ]


def _fluctuation(case: NeuronCase, functions: Functions) -> float:
    """Return the SD of the conductance over its mean, the leak included."""
    sources = [
        (rate, weight, tau)
        for rate, (weight, tau, _) in zip(
            (case.exc, case.inh), case.synapses, strict=True
        )
    ]
    mean = sum(rate * weight * tau for rate, weight, tau in sources)
    variance = sum(rate * weight**2 * tau / 2 for rate, weight, tau in sources)
    return math.sqrt(variance) / (float(case.neuron.g_L) + mean)


def _of_conductances(case: NeuronCase, functions: Functions) -> dict[str, float]:
    from meanfield.conductance import voltage_statistics

    voltage = voltage_statistics(
        (case.exc, case.inh),
        case.neuron,
        _afferents(case),
        current=case.mu * float(case.neuron.C_m),
    )
    b = float((case.neuron.V_th - voltage.mean) / voltage.std)
    return {"rate": _fluctuation(case, functions) * (0.3 + 0.65 * b**2)}


_CONDUCTANCES = (
    Theory(
        name="effective time constant",
        limits=(
            "the conductance is replaced by its mean and the rest by Gaussian noise. With "
            "x = SD/mean of the conductance and the threshold b SDs of the voltage above "
            "its mean, x (0.3 + 0.65 b²) is allowed for the rate; 0.4 x at b = 1 and 2.7 x "
            "at b = 2.2 were measured."
        ),
        applies=lambda case: case.model == "ConductanceLIF",
        functions=_effective_time_constant,
        small=_fluctuation,
        parameter="SD / mean of the conductance",
        budget=_of_conductances,
    ),
)


def _mean_adaptation(case: NeuronCase) -> Functions:
    from meanfield import adaptation as theory

    given = case.mu, case.sigma, case.neuron
    return _stationary(theory, *given) | {
        "response": lambda f: theory.linear_response(f, *given)
    }


def _decay(case: NeuronCase) -> float:
    """Return the rate [1/ms] at which the fastest adaptation decays."""
    neuron = case.neuron
    if case.model == "GLIF":
        rates = [neuron.th_spike_decay, *(neuron.asc_decay or ())]
        return max(float(k) for k in rates if k is not None)
    return 1 / float(neuron.tau_w if case.model == "AdEx" else neuron.tau_theta)


def _forgetting(case: NeuronCase, functions: Functions) -> float:
    return _decay(case) / functions["rate"]()


def _of_adaptation(case: NeuronCase, functions: Functions) -> dict[str, float]:
    x = _forgetting(case, functions)
    return {
        "rate": (0.12 if case.model == "AdEx" else 0.05) * x,
        "cv": x,
        "response": x,
    }


_ADAPTATION = (
    Theory(
        name="mean adaptation",
        limits=(
            "adaptation is replaced by a constant. With x = decay rate/firing rate, 0.05 x "
            "is allowed for the rate (AdEx 0.12 x), x for CV and response; up to 0.03 x "
            "(AdEx 0.06 x) and 0.85 x were measured."
        ),
        applies=_white("AdaptiveLIF", "GLIF", "AdEx"),
        functions=_mean_adaptation,
        small=_forgetting,
        parameter="decay rate of the adaptation / firing rate",
        budget=_of_adaptation,
    ),
)

THEORIES: tuple[Theory, ...] = _EXACT + _COLOURED + _SHOT + _CONDUCTANCES + _ADAPTATION
