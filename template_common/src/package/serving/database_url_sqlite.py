"""DATABASE_URL: the file of the SQLite database."""

from pathlib import Path

SCHEME = "sqlite:///"
DEVELOPMENT_URL = f"{SCHEME}data/app.db"
MEND = "Correct DATABASE_URL."


def parsed(url: str, root: Path) -> str:
    """The URL with an absolute path, whose folder is made; a relative one begins at `root`.

    Raises:
        ValueError: a sentence with the fault and the mend.
    """
    if not url.startswith(SCHEME):
        raise ValueError(
            f"DATABASE_URL must begin with {SCHEME}, and production has no default for it; "
            f"such as: DATABASE_URL={SCHEME}/srv/data/app.db"
        )
    path = root / url.removeprefix(SCHEME)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"DATABASE_URL: {error.filename}: {error.strerror}") from None
    return f"{SCHEME}{path.as_posix()}"


def location(url: str) -> str:
    """The path of the file."""
    return url.removeprefix(SCHEME)
