"""Networks whose rows and columns cannot be mixed up."""

from meanfield.neurons import (
    LIF,
    FixedInDegree,
    Network,
    PoissonSource,
    Population,
    Projection,
)

SIZES = {"E": 1600, "I": 400}
_WEIGHTS = {("E", "E"): 0.1, ("E", "I"): 0.15, ("I", "E"): -0.5, ("I", "I"): -0.4}


def loop(V_th=20.0, current=(1.2, 1.0), strength=1.0):
    """Excitation and inhibition that differ in size, degree, delay, weight and current."""
    neuron = LIF(tau_m=20.0, t_ref=2.0, V_th=V_th, V_reset=10.0)
    return Network(
        populations={
            name: Population(n=n, neuron=neuron, current=mu, sigma=1.0)
            for (name, n), mu in zip(SIZES.items(), current, strict=True)
        },
        projections=[
            Projection(
                source=s, target=t, weight=strength * w,
                rule=FixedInDegree(SIZES[s] // 10),
                delay=1.5 if s == "E" else 0.8,
            )
            for (s, t), w in _WEIGHTS.items()
        ],
    )  # fmt: skip


def shared(n=500, sources=50, degree=25):
    """Neurons that only share sources: with 50 sources, half of which each one has."""
    return Network(
        populations={
            "A": Population(n=n, neuron=LIF(tau_m=10.0), sigma=1.5, current=0.5),
            "B": Population(n=n // 2, neuron=LIF(tau_m=30.0), sigma=1.0, current=0.5),
            "X": PoissonSource(n=sources, rate=0.05),
        },
        projections=[
            Projection(
                source="X", target=name, weight=w, rule=FixedInDegree(degree), delay=d
            )
            for name, w, d in (("A", 0.2, 1.0), ("B", 0.3, 4.0))
        ],
    )
