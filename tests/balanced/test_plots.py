"""Pictures of the stimulus manifold."""

import numpy as np
import pytest

from meanfield.balanced import exclusive_or, stimulus_manifold
from meanfield.plot import plot_stimulus_manifold, plot_stimulus_plane

W, INPUTS, BASE, READOUT = exclusive_or()


@pytest.fixture(scope="module")
def manifold():
    return stimulus_manifold(W, INPUTS, BASE)


def test_plane_shows_the_supports_and_the_readout(manifold):
    ax = plot_stimulus_plane(manifold, (1.0, 1.2), points=25)
    field = ax.collections[0].get_array()
    assert field.shape == (25, 25)
    assert np.unique(field.compressed()).tolist() == [0.0, 1.0, 2.0]
    ax = plot_stimulus_plane(manifold, 1.0, readout=READOUT, points=3)
    corners = np.asarray(ax.collections[0].get_array())[::2, ::2]
    np.testing.assert_allclose(corners, [[0.0, 1.0], [1.0, 0.0]], atol=1e-12)


def test_plane_is_empty_where_no_state_is_stable():
    ax = plot_stimulus_plane(stimulus_manifold([[3, -1], [1, -1]]), points=5)
    field = ax.collections[0].get_array()
    assert field.mask.any()
    assert not field.mask.all()


def test_surface_has_a_polygon_for_each_piece(manifold):
    ax = plot_stimulus_manifold(manifold, 1.3)
    assert len(ax.collections) == len(manifold.pieces)


def test_other_numbers_of_sources_are_refused(manifold):
    with pytest.raises(ValueError, match="two sources"):
        plot_stimulus_plane(stimulus_manifold(W))
    runaway = np.ones((3, 3))  # without any state
    with pytest.raises(ValueError, match="two sources; got 3"):
        plot_stimulus_manifold(stimulus_manifold(runaway))
    with pytest.raises(ValueError, match="three of"):
        plot_stimulus_manifold(manifold, populations=(0, 1, 3))
    with pytest.raises(TypeError, match="StimulusManifold"):
        plot_stimulus_manifold(W)
