"""Networks of every shape for the views."""

import pytest

from lstm.model import CharModel
from tests.insight.insight_tools import SHAPES, some_network


@pytest.fixture(params=SHAPES, ids=lambda shape: "-".join(str(value) for value in shape.values()))
def model(request: pytest.FixtureRequest) -> CharModel:
    return some_network(request.param)
