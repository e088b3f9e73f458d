"""What the command line asks for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """`names` are of those that are raced, `sizes` those of logs, `databases` kinds of them."""

    names: list[str]
    rounds: int
    seconds: float
    quick: bool
    sizes: list[int]
    databases: list[str]
