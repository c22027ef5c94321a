"""The network of Zerlaut et al. (2018) for several simulators: numbers only.

8000 + 2000 cells with conductances; each population shares 100 Poisson afferents.
"""

SIZES = {"E": 8000, "I": 2000}
SOURCES = 100  # afferents of each population
CELL = {
    "C_m": 200.0,
    "g_L": 10.0,
    "E_L": -70.0,
    "V_reset": -70.0,
    "E_e": 0.0,
    "E_i": -80.0,
    "tau": 5.0,
    "t_ref": 2.0,
    "delay": 0.1,
    "rate": 0.01,
    "V_th": {"E": -50.0, "I": -53.0},
}  # pF, nS, mV, ms, kHz
WEIGHTS = {"E": 2.0, "I": 10.0, "to E": 4.0, "to I": 4.0}  # nS, by source
DEGREES = {
    **{(source, target): 0.05 for source in "EI" for target in "EI"},
    **{(f"to {target}", target): 0.1 for target in "EI"},
}  # probability of a synapse, by source and target
