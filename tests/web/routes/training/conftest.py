"""What tests of training sessions and studies share."""

import pytest


@pytest.fixture
def dataset_id(api, key):
    """A small dataset of the workspace."""
    return api.dataset(key)
