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
    "ROOM",
    "UNIFORM",
    "UNIFORMS",
]

BLOCK = 256  # neurons that are advanced side by side

# Current [unit of the neuron], sum of conductances g [nS], sum of g E_rev, mean over the
# step; jump [mV] at its end; standard normal and uniform, where they are drawn.
CURRENT, CONDUCTANCE, DRIVE = 0, 1, 2
# What a second compartment's first three are higher by; its model sets them to 0 again.
OF_DENDRITE = 3
JUMP, NORMAL, UNIFORM = 6, 7, 8
MEAN = 9  # of one receptor, on its way to the others
ROOM = 10  # three rows that a model may write on within a step
N_SLOTS = 13

# What a block does in each step: bits of its flags.
NORMALS, UNIFORMS, KEEPS = 1, 2, 4
