"""One file per neuron model: its update, as coefficients and kernels."""
