"""Rows of a block's inputs in one step, as models read them."""

__all__ = [
    "BLOCK",
    "CONDUCTANCE",
    "CURRENT",
    "DRIVE",
    "JUMP",
    "KEEPS",
    "MEAN",
    "NORMAL",
    "NORMALS",
    "N_SLOTS",
    "OF_DENDRITE",
    "UNIFORM",
    "UNIFORMS",
]

BLOCK = 256  # neurons that are advanced side by side

# Current [unit of the neuron], sum of conductances g [nS], sum of g E_rev, mean over the
# step; jump [mV] at its end; standard normal and uniform, where they are drawn.
CURRENT, CONDUCTANCE, DRIVE = 0, 1, 2
OF_DENDRITE = 3  # what a second compartment's first three are higher by
JUMP, NORMAL, UNIFORM = 6, 7, 8
MEAN = 9  # of one receptor, on its way to the others
N_SLOTS = 10

# What a block does in each step: bits of its flags.
NORMALS, UNIFORMS, KEEPS = 1, 2, 4
