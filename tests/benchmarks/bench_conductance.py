"""Errors of the rates of conductance-driven neurons; writes docs/theory/conductance.md."""

from pathlib import Path

import numpy as np

from meanfield.conductance import Afferents, firing_rate, fit_transfer, transfer_design
from meanfield.neurons import EIF, AdEx, ConductanceLIF, Exponential
from validation.transfer_fit import simulated_rates

PAGE = Path(__file__).parents[2] / "docs" / "theory" / "conductance.md"
BEGIN = "<!-- figures: written by `make bench` -->"
END = "<!-- end of figures -->"


def afferents(weights, numbers, taus=(5.0, 5.0), E_inh=-80.0):
    synapses = (
        Exponential(tau=taus[0], E_rev=0.0),
        Exponential(tau=taus[1], E_rev=E_inh),
    )
    return [
        Afferents(synapse=synapse, weight=weight, number=number)
        for synapse, weight, number in zip(synapses, weights, numbers, strict=True)
    ]


HIGH = ConductanceLIF(
    C_m=40.0, g_L=2.0, E_L=-70.0, V_th=-50.0, V_reset=-55.0, t_ref=2.0
)
REGULAR = AdEx(
    C_m=200.0, g_L=10.0, E_L=-65.0, V_T=-50.0, Delta_T=2.0, a=4.0, tau_w=500.0, b=20.0,
    V_reset=-65.0, t_ref=5.0, V_th=-30.0,
)  # fmt: skip
SHUNTED = EIF(V_T=-55.0, Delta_T=2.0, t_ref=2.0)  # at 1.7 to 3.8 times its leak
# Name, neuron, afferents, inhibitory rates [kHz], and a point that is not in the fit [kHz].
CASES = [
    ("LIF, 1 and 5 nS", ConductanceLIF(), afferents((1, 5), (400, 100)),
     (0.002, 0.006, 0.012, 0.025), (0.0055, 0.015)),
    ("LIF, 2 and 10 nS", ConductanceLIF(t_ref=2.0), afferents((2, 10), (400, 100)),
     (0.002, 0.006, 0.012, 0.025), (0.006, 0.015)),
    ("LIF, high conductance", HIGH, afferents((1, 4), (1000, 1000), (6.0, 2.0), -75.0),
     (0.001, 0.002, 0.004, 0.006), (0.0012, 0.003)),
    ("AdEx, adapting", REGULAR, afferents((1, 5), (400, 100)),
     (0.003, 0.007, 0.012, 0.02), (0.0075, 0.01)),
    ("EIF, high conductance", SHUNTED, afferents((0.003, 0.03), (400, 100), (5.0, 10.0)),
     (0.001, 0.002, 0.003, 0.004), (0.0078, 0.0025)),
]  # fmt: skip


def rows():
    yield (
        "| neuron | simulated (Hz) | effective time constant | fit, at its points "
        "| new point: simulated, fit, effective (Hz) |"
    )
    yield "|---|---|---|---|---|"
    options = {"n": 40, "duration": 1500.0, "threads": 1}
    for name, neuron, kinds, inhibition, fresh in CASES:
        design = transfer_design(neuron, kinds, inhibition=inhibition, n=6)
        rate, error = simulated_rates(design, neuron, kinds, rng=1, **options)
        fit = fit_transfer(design, rate, error, neuron, kinds)
        busy = rate > 1e-3
        effective = (firing_rate(design, neuron, kinds) / rate - 1)[busy]
        fitted = np.abs(fit(*design) / rate - 1)[busy].max()
        point = [np.array([x]) for x in fresh]
        new, spread = simulated_rates(
            point, neuron, kinds, rng=2, **{**options, "n": 400}
        )
        other = firing_rate(point, neuron, kinds)[0]
        yield (
            f"| {name} | {rate.min() * 1e3:.1f} to {rate.max() * 1e3:.0f} "
            f"| {effective.min():+.0%} to {effective.max():+.0%} | within {fitted:.0%} "
            f"| {new[0] * 1e3:.2f} ± {spread[0] * 1e3:.2f}, {fit(*point)[0] * 1e3:.2f}, "
            f"{other * 1e3:.2f} |"
        )


def main():
    page = PAGE.read_text()
    head, rest = page.split(BEGIN)
    tail = rest.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\n" + "\n".join(rows()) + f"\n{END}{tail}")


if __name__ == "__main__":
    main()
