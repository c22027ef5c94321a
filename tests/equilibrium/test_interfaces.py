"""What all functions of networks take, and how they refuse what they do not."""

from typing import Any, cast

import numpy as np
import pytest

from meanfield.equilibrium import (
    effective_connectivity,
    external_input,
    external_poisson_rates,
    network_state,
    oscillation_onsets,
    phase_diagram,
    population_responses,
    rate_distributions,
    working_points,
)
from meanfield.network import balanced_eif, brunel, mean_field, zerlaut

NET = brunel(g=5.0, eta=2.0)
RATES = [0.03795, 0.03795]


def test_lists_of_states_are_iterable():
    found = working_points(NET)
    assert len(found) == 1
    assert [point.rate for point in found] == [found[0].rate]
    assert found.stable == found.points


def test_a_network_does_for_its_mean_field():
    for function in (effective_connectivity, population_responses):
        np.testing.assert_array_equal(
            function(0.1, NET, RATES), function(0.1, mean_field(NET), RATES)
        )


@pytest.mark.parametrize("function", [effective_connectivity, population_responses])
def test_other_things_are_no_networks(function):
    with pytest.raises(TypeError, match=r"`net` must be a MeanField or a Network; got"):
        function(0.1, {}, RATES)
    with pytest.raises(TypeError, match=r"`net` must be a MeanField or a Network; got"):
        rate_distributions(cast(Any, "a"))


def test_points_and_parameters():
    with pytest.raises(TypeError, match=r"`point` must be a WorkingPoint; got list"):
        network_state(NET, cast(Any, RATES))
    for search in (oscillation_onsets, phase_diagram):
        with pytest.raises(TypeError, match=r"`network` must be a function"):
            search(cast(Any, NET), 1.0, 2.0)
    with pytest.raises(TypeError, match=r"`low` must be real numbers"):
        oscillation_onsets(lambda eta: brunel(6.0, eta), cast(Any, "a"), 2.0)
    with pytest.raises(ValueError, match=r"`high` must be finite; got nan"):
        oscillation_onsets(lambda eta: brunel(6.0, eta), 1.0, np.nan)
    with pytest.raises(ValueError, match=r"`x` must be finite; got nan"):
        phase_diagram(brunel, [np.nan], [2.0])


def test_conductances_take_no_input_in_addition():
    with pytest.raises(ValueError, match=r"current synapses; populations \['E', 'I'\]"):
        external_input(zerlaut(), [0.001, 0.002])
    with pytest.raises(ValueError, match="current synapses"):
        external_poisson_rates(zerlaut(), [0.001, 0.002], 0.9, 1.0, [0.1, -0.5])


def test_negative_noise_is_no_noise():
    with pytest.raises(ValueError, match=r"`sigma` must not be below"):
        external_poisson_rates(NET, [0.01, 0.01], 0.9, -5.0, [0.1, -0.5])


def test_presets_name_what_is_wrong():
    for given, message in (
        ({"g": -5.0}, "`g` must not be negative"),
        ({"eta": -2.0}, "`eta` must not be negative"),
        ({"n_exc": 3}, "`n_exc` must be at least 4"),
    ):
        with pytest.raises(ValueError, match=message):
            brunel(**cast(Any, {"g": 5.0, "eta": 2.0, **given}))
    with pytest.raises(TypeError, match="`n_exc` must be a whole number"):
        brunel(5.0, 2.0, n_exc=cast(Any, 1000.5))
    with pytest.raises(ValueError, match="`size` must be at least 2"):
        balanced_eif(-10)
    with pytest.raises(ValueError, match="`rate` must not be negative or NaN"):
        mean_field(NET).firing_rates([np.nan, 0.1])
