"""What to do about a model that cannot be served as it is."""

from typing import Any

from ..project import transformers
from .walk import inside

AGAIN = "import it from there, and fit again"


def own_code(name: str) -> str:
    """What to do about code such as `__main__.Scaler`, which only a notebook has."""
    what, mend = f"`{name.removeprefix('__main__.')}`", f"move it to {transformers()}"
    if name.endswith("<lambda>"):
        what, mend = "a lambda", f"write it as a function in {transformers()}"
    return f"The model needs {what}, which the service cannot import: {mend}, {AGAIN}."


def kept_tables(model: Any) -> str | None:
    """What to keep in place of the first pandas object that a part of the model keeps."""
    for part in inside(model):
        for name, kept in getattr(part, "__dict__", {}).items():
            kind = type(kept)
            if kind.__module__.partition(".")[0] == "pandas":
                of_it = f"`{name}` of {type(part).__name__} is a pandas {kind.__name__}"
                mend = "keep its values (`.to_numpy()`, or `.to_dict()` with their names)"
                return f"{of_it}, which cannot be saved; {mend}, and fit again."
    return None
