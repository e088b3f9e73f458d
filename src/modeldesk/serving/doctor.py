"""What `manage doctor` looks at, each with what is wrong and how to mend it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..accounts.mails import reason
from ..ml.artifact import ArtifactError
from ..ml.predictor import Predictor
from ..ml.rules import SLOW
from .database_options import pooler_of
from .database_url import location
from .disks import network_fault
from .installed import installed, library_fault
from .markers import markers_fault
from .port import port_fault
from .settings import Settings, has_secret

MAIL_LIMIT = 10  # seconds to connect to a mail server


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; `fault` is empty when it is as it should be."""

    name: str
    detail: str
    fault: str | None = None

    def __str__(self) -> str:
        return f"{'FAIL' if self.fault else 'ok':6}{self.name:<12}{self.fault or self.detail}"


def slow_rules(predictor: Predictor) -> str | None:
    """Why callers would wait for the owner's rules, or None."""
    if predictor.seconds < SLOW:
        return None
    took = (
        f"One row takes {predictor.seconds:.1f} seconds with the rules in {predictor.rules.source}"
    )
    return f"{took}, and every caller waits for that; do slow work elsewhere."


def plain_http_fault(settings: Settings) -> str | None:
    """Why no form of a service in production could be sent, or None."""
    if not settings.https or settings.proxies:
        return None
    return (
        "PROXIES is 0, so browsers would come by HTTP, by which they keep no cookie of production: "
        "every form would be refused. Set PROXIES to the number of proxies in front, which speak "
        "HTTPS; where browsers are to come by HTTP, set PLAIN_HTTP=true."
    )


def _mail_fault(place: str, connect: Callable[[], Any]) -> str | None:
    """Why nobody could confirm an address, or set a new password, or None."""
    try:
        connection = connect()
        connection.open()
        connection.close()
    except OSError as error:
        return f"{place} takes no mails: {reason(error)}. Correct MAIL_URL, or that server."
    return None


def examine(
    settings: Settings,
    host: str,
    port: int,
    *database_checks: Callable[[], Check],
    has_forms: bool = False,
    mail: Callable[[], Any] | None = None,
) -> Iterator[Check]:
    """Look at everything a start needs; later database checks wait for the earlier ones.

    `mail` makes a connection to the mail server, as Django's are: with `open` and `close`.
    """
    hosts = [f"{name}{settings.path_prefix}" for name in settings.allowed_hosts]
    yield Check("settings", f"{settings.app_env}, for {', '.join(hosts)}")
    if settings.production and has_forms:
        spoken = "not spoken" if settings.plain_http else "spoken in front"
        yield Check("https", spoken, plain_http_fault(settings))
    yield Check("library", f"modeldesk {installed()}", library_fault())
    yield Check("files", "no conflict markers", markers_fault())
    missing = None if has_secret() else "SECRET_KEY is not set; `manage serve` writes one to .env."
    yield Check("secret", "set", missing)
    yield Check("port", f"{host}:{port} is free", port_fault(host, port))
    if mail and (server := settings.mail_url):
        place = f"{server.host}:{server.port}"
        yield Check("mail", f"{place} takes mails", _mail_fault(place, mail))
    try:
        predictor = Predictor.load(settings.artifacts_dir)
        name, runtime = predictor.signature.name, predictor.artifact.runtime
        yield Check("model", f"{name}, version {predictor.version}, served by {runtime}")
        yield Check("rules", predictor.rules.source, slow_rules(predictor))
    except ArtifactError as error:
        yield Check("model", "", str(error))
    is_file = settings.database == "sqlite"
    if is_file and (fault := network_fault(Path(location(settings.database_url)))):
        yield Check("disk", "", fault)
    for check in database_checks:
        result = check()
        yield result
        if result.fault:
            return
        if result.name == "database" and settings.database == "postgresql":
            yield from _of_pooler(settings.database_url)


def _of_pooler(url: str) -> Iterator[Check]:
    """Of what stands in front of PostgreSQL, where something does, or is said to."""
    from ..stores.poolers import pooler_fault

    fault, said = pooler_fault(url), pooler_of(url)
    if fault or said:
        yield Check("pooler", said, fault)
