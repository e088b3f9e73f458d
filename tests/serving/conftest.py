"""What tests of a service that is asked without a framework share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from modeldesk.serving.callers import current_caller
from modeldesk.serving.deployment import current_served


@pytest.fixture
def nobody_asks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In an empty project, and afterwards without the caller and the version of a request."""
    monkeypatch.chdir(folder)
    yield
    current_caller.set(None)
    current_served.set(None)
