"""Networks on a grid of time steps: synapses, their delivery, and the time loop."""
