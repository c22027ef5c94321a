"""Networks P1 and P2 of the balanced EIF study, and their rules of plasticity."""

import numpy as np

from meanfield.neurons import InhibitoryPlasticity

W1, X1 = np.array([[30.0, -45.0], [135.0, -75.0]]), np.array([0.4, 0.3])
W2, X2 = np.array([[40.0, -70.0], [180.0, -100.0]]), np.array([0.6, 0.4])


def rule(eta, target, multiplicative=True):
    """With the traces of the published runs."""
    return InhibitoryPlasticity(
        eta=eta, target=target, tau=200.0, multiplicative=multiplicative
    )


RULES1 = {(0, 1): rule(3.0, 0.008), (1, 1): rule(2.0, 0.010)}
N = 5000
RULES2 = {
    (0, 1): rule(4000.0 / np.sqrt(N), 0.004, multiplicative=False),
    (1, 1): rule(2000.0 / np.sqrt(N), 0.008, multiplicative=False),
}
# W = sqrt(N) p q w: of weights w = j/sqrt(N), with p = 0.1 and q_i = 0.2
UNIT2 = np.sqrt(N) * 0.1 * np.array([[0.8, 0.2], [0.8, 0.2]])
