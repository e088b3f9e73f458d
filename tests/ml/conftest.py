"""What tests of `modeldesk.ml` share."""

import numpy as np
import pytest

START = np.random.default_rng(0).bit_generator.state


@pytest.fixture(autouse=True)
def the_same_numbers(request: pytest.FixtureRequest) -> None:
    """A test draws the same from the generator of its module whichever ran before it."""
    for value in vars(request.module).values():
        if isinstance(value, np.random.Generator):
            value.bit_generator.state = START
