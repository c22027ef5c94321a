"""The LIF driven by Poisson spikes of finite size: rate, CV and linear response."""

from ._stationary import (
    RateResponse,
    cv,
    diffusion_limit,
    firing_rate,
    linear_response,
)

__all__ = ["RateResponse", "cv", "diffusion_limit", "firing_rate", "linear_response"]
