"""The bar of commands that take long."""

from typing import Any


def tqdm(**options: Any) -> Any:
    """Tqdm's bar, imported when there is one: a worker shows none."""
    from tqdm import tqdm

    return tqdm(**options)
