"""Figures of modes and of their sensitivity: what they show, and what they refuse."""

import numpy as np
import pytest

from meanfield.fluctuations import modes, oscillations
from meanfield.network import mean_field
from meanfield.plot import plot_modes, plot_sensitivity

from .networks import loop

RATES = np.array([0.0232, 0.0316])
FREQUENCY = np.arange(0.01, 0.2, 0.005)


def test_modes_are_lines_from_their_first_frequency():
    found = modes(FREQUENCY, mean_field(loop()), RATES)
    ax = plot_modes(found)
    x, y = ax.lines[0].get_data()
    assert np.asarray(x) == pytest.approx(np.real(found.eigenvalue[:, 0]))
    assert np.asarray(y) == pytest.approx(np.imag(found.eigenvalue[:, 0]))
    nearest = 1e3 * FREQUENCY[np.argmin(found.distance[:, 0])]
    assert ax.lines[0].get_label() == f"0: closest at {nearest:.0f} Hz"
    with pytest.raises(TypeError, match="`modes` must be Modes"):
        plot_modes([1.0, 2.0])


def test_sensitivity_has_targets_as_rows():
    first = oscillations(FREQUENCY, mean_field(loop()), RATES)[0]
    ax = plot_sensitivity(first, "shift")
    shown = np.asarray(ax.images[0].get_array())
    assert shown == pytest.approx(first.shift)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["E", "I"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("source", "target")
    with pytest.raises(ValueError, match="`part` must be one of"):
        plot_sensitivity(first, "size")
    with pytest.raises(TypeError, match="`oscillation` must be an Oscillation"):
        plot_sensitivity("gamma")
