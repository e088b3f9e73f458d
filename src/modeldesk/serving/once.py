"""What is told once, though it may be met at each request."""

from collections.abc import Hashable


class Once:
    """What this process has told, of `most` things: callers can send anything."""

    def __init__(self, most: int) -> None:
        self.most, self.told = most, set[Hashable]()

    def is_new(self, what: Hashable) -> bool:
        """Whether to tell it now."""
        if what in self.told or len(self.told) >= self.most:
            return False
        self.told.add(what)
        return True
