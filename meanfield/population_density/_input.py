"""Input that changes, as numbers for each time step."""

from typing import Any

import numpy as np

from ..errors import as_float, require


def positive(name: str, value: Any) -> float:
    """Return one time [ms], or raise an error."""
    array = as_float(name, value)
    good = array.ndim == 0 and bool((array > 0) & np.isfinite(array))
    require(good, name, "must be one finite positive number (ms)", value)
    return float(array)


def over_steps(mu: Any, sigma: Any, dt: float, duration: float | None):
    """Return mu and sigma (..., steps)."""
    given: dict[str, Any] = {"mu": mu, "sigma": sigma}
    if duration is not None:
        steps = round(positive("duration", duration) / dt)
        require(steps >= 1, "duration", f"must be at least dt={dt} (ms)", duration)
    elif callable(mu) or callable(sigma):
        raise ValueError(
            "`duration` must be given (ms) for functions of time; got None"
        )
    else:
        lengths = [np.shape(value)[-1] for value in given.values() if np.ndim(value)]
        if not lengths:
            raise ValueError(
                "`duration` must be given (ms) for constant input; got None"
            )
        steps = max(lengths)
        require(steps >= 1, "mu", "must have at least one time step", steps)
    times = (np.arange(steps) + 0.5) * dt
    found = []
    for name, value in given.items():
        numbers: Any = value(times) if callable(value) else value
        array = as_float(name, numbers).astype(np.float64)
        fits = array.ndim == 0 or array.shape[-1] in (1, steps)
        steps_last = f"must have the {steps} time steps as its last axis"
        require(fits, name, steps_last, str(array.shape))
        require(np.isfinite(array), name, "must be finite", array)
        found.append(array)
    sign = "must be positive (mV/sqrt(ms))"
    remedy = "without noise there is no density: simulate, or give a small sigma"
    require(found[1] > 0, "sigma", sign, found[1], remedy)
    shape = np.broadcast_shapes(found[0].shape, found[1].shape, (steps,))
    return [np.broadcast_to(array, shape) for array in found]
