"""What MLServer's clients say of their tensors."""

import pytest
from modeldesk.serving.content_types import fault, meant

MEANT = [
    (None, ["a", 1, None], ["a", 1, None]),
    ("str", ["YQ=="], ["YQ=="]),
    ("np", [1.5], [1.5]),
    ("base64", ["YQ==", "w6k=", "", None], ["a", "\u00e9", "", None]),
    ("datetime", ["2026-01-31T00:00:00", "2026-01-31"], ["2026-01-31", "2026-01-31"]),
    # Left to the checks of the model, which say what is wrong.
    (
        "datetime",
        ["2026-01-31T09:30:00", "today", 5, None],
        ["2026-01-31T09:30:00", "today", 5, None],
    ),
    ("datetime", ["2026-01-31T00:00:00+01:00"], ["2026-01-31T00:00:00+01:00"]),
]


@pytest.mark.parametrize(("told", "cells", "expected"), MEANT)
def test_what_cells_mean(told: str | None, cells: list[object], expected: list[object]) -> None:
    parameters = None if told is None else {"content_type": told}
    assert fault(parameters, ()) is None
    assert meant(parameters, cells) == expected


@pytest.mark.parametrize("cell", ["YQ", "Y Q==", "\u00e9", "/w=="])
def test_what_is_no_base64_of_a_text(cell: str) -> None:
    with pytest.raises(ValueError, match="Value 1 is not the base64 of a text"):
        meant({"content_type": "base64"}, [None, cell])


@pytest.mark.parametrize("told", ["pillow_image", "", 5, ["str"], {}])
def test_others_are_refused(told: object) -> None:
    found = fault({"content_type": told}, ("inputs", 2))
    assert found is not None
    assert found.loc == ("inputs", 2, "parameters", "content_type")
