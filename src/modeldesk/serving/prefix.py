"""The path that a proxy shows the service below, PATH_PREFIX."""

import logging
import re

from .once import Once
from .wsgi import Environ

logger = logging.getLogger(__name__)
MOST_TOLD, LONGEST = 10, 100
_told = Once(MOST_TOLD)
ROOT = re.compile(r";\s*Path=/(?=;|$)", re.IGNORECASE)


def without(prefix: str, path: str) -> str:
    """A path as the service knows it, whether or not the proxy took the prefix away."""
    if prefix and (path == prefix or path.startswith(f"{prefix}/")):
        return path[len(prefix) :] or "/"
    return path


def go_below(environ: Environ, prefix: str) -> None:
    """Say to the framework where the service is, so that every address it makes is below that.

    What a proxy says in X-Forwarded-Prefix is not trusted: most pass on what a caller wrote there,
    which would then be in every link. It is only held against the setting.
    """
    said = environ.get("HTTP_X_FORWARDED_PREFIX") or environ.get("SCRIPT_NAME")
    if said and (said := said[:LONGEST].rstrip("/")) != prefix:
        _tell(said, prefix)
    if prefix:
        environ["SCRIPT_NAME"] = prefix
        environ["PATH_INFO"] = without(prefix, environ["PATH_INFO"])


def cookie_below(prefix: str, header: tuple[str, str]) -> tuple[str, str]:
    """A header whose cookie, if it sets any, is for no other service of the host."""
    name, text = header
    return name, ROOT.sub(f"; Path={prefix}", text) if name.lower() == "set-cookie" else text


def _tell(said: str, prefix: str) -> None:
    if _told.is_new(said):
        logger.warning(
            "A request came for a service below %r, and PATH_PREFIX is %r: links and cookies are "
            "of that. If a proxy shows the service below %r, set PATH_PREFIX to it.",
            said,
            prefix,
            said,
        )
