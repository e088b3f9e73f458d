"""Forms that are refused, as they may have been sent from another site, and what is to be set where
they were not."""

import logging
from urllib.parse import SplitResult, urlsplit

from .answers import Problem, framework_problem
from .once import Once
from .settings import Settings
from .wsgi import Environ

MOST_TOLD, LONGEST = 100, 200  # reasons, and characters of each: callers can send anything
BY_HTTP = (
    "This page came by HTTP, and in production browsers keep its cookies by HTTPS only. Open it by "
    "HTTPS, with PROXIES set to the number of proxies in front; where browsers are to come by "
    "HTTP, set PLAIN_HTTP=true."
)
UNSAID = (
    "The browser did not say which page sent this form. If a proxy in front sets the header "
    "Referrer-Policy, let it be same-origin, as the service has it; then reload the form."
)
OTHERWISE = (
    "This form was sent from {seen}, and by what the proxy in front passes on, this is {expected}. "
    "Let it pass on the Host that the browser sent, with its port, and the scheme in "
    "X-Forwarded-Proto, with PROXIES set to the number of proxies."
)

logger = logging.getLogger(__name__)
_told = Once(MOST_TOLD)


def is_foreign(environ: Environ, settings: Settings) -> bool:
    """Whether a form was sent from another site, as Django's CsrfViewMiddleware judges it.

    By HTTPS a browser always says where a form is from. Without, its token has to do.
    """
    if environ["wsgi.url_scheme"] != "https" and "HTTP_ORIGIN" not in environ:
        return False
    origin = sent_from(environ)
    scheme, _, name = origin.partition("://")
    trusted = scheme == "https" and any(_stands_for(h, name) for h in settings.allowed_hosts)
    return origin != reached_at(environ) and not trusted


def _stands_for(host: str, name: str) -> bool:
    """Whether this one of ALLOWED_HOSTS is `name`; a leading dot stands for all subdomains."""
    return name == host.lstrip(".") or (host.startswith(".") and name.endswith(host))


def sent_from(environ: Environ) -> str:
    """The origin of the page that sent this, as https://example.com; 'null' or '' if unsaid."""
    if origin := environ.get("HTTP_ORIGIN"):
        return str(origin)
    referer = _split(environ.get("HTTP_REFERER", ""))
    return f"{referer.scheme}://{referer.netloc}" if referer.netloc else ""


def reached_at(environ: Environ) -> str:
    """The origin of this service, by what the proxies say."""
    return f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}"


def refusal(environ: Environ, settings: Settings, reason: str, *, no_cookie: bool) -> Problem:
    """What the page says; the log has the reason once, with what was seen and expected.

    `reason` is that of the framework, whose token has nothing to be held against without a cookie.
    """
    seen, expected = sent_from(environ), reached_at(environ)
    _tell(reason[:LONGEST].rstrip("."), seen[:LONGEST], expected[:LONGEST], no_cookie=no_cookie)
    if no_cookie and settings.https and environ["wsgi.url_scheme"] == "http":
        return Problem(403, BY_HTTP)
    if is_foreign(environ, settings):
        if seen in ("", "null"):
            return Problem(403, UNSAID)
        if _split(seen).hostname == _split(expected).hostname:
            return Problem(403, OTHERWISE.format(seen=seen, expected=expected))
    return framework_problem(403)


def _tell(reason: str, seen: str, expected: str, *, no_cookie: bool) -> None:
    if _told.is_new((reason, seen, expected)):
        logger.warning(
            "A form was refused: %s. It was sent from %r%s, and this service is at %r.",
            reason,
            seen or "a page that was not said",
            ", without our cookie" if no_cookie else "",
            expected,
        )


def _split(address: str) -> SplitResult:
    """Its parts; none, of what is no address."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")
