"""How Django reaches SQL Server; it has not run against one yet."""

from typing import Any

import dj_database_url

from ...serving.database_options import NAMES, tls_of
from ...serving.database_url import CONNECT_TIMEOUT
from ...serving.settings import Settings, SettingsError


def settings_for(settings: Settings) -> dict[str, Any]:
    """The entry of DATABASES; each thread keeps its connection.

    What stands after ? in the URL goes to the driver, such as TrustServerCertificate=yes.
    """
    parsed = dj_database_url.parse(
        settings.database_url, engine="mssql", conn_max_age=600, conn_health_checks=True
    )
    # In development the server has signed its certificate itself.
    trusted = {} if settings.production else {"TrustServerCertificate": "yes"}
    theirs = {name: text for name, text in parsed.get("OPTIONS", {}).items() if name not in NAMES}
    given = trusted | _tls(settings.database_url) | theirs
    options = {
        "python_driver": "mssql_python",
        "connection_timeout": CONNECT_TIMEOUT,
        "connection_retries": 0,
        "query_timeout": settings.database_timeout,
        "extra_params": ";".join(
            f"{name}={value}" for name, value in given.items() if name not in NAMES
        ),
    }
    return {**parsed, "OPTIONS": options}


def _tls(url: str) -> dict[str, str]:
    """What the URL says in the way of other databases, as this driver takes it.

    Raises:
        SettingsError: it is more than the driver can do.
    """
    tls = tls_of(url)
    if tls.mode == "verify-ca" or tls.authority or tls.certificate:
        raise SettingsError(
            "DATABASE_URL: the driver of SQL Server trusts the authorities of the system alone; "
            "add yours to them, and say sslmode=verify-full."
        )
    if not tls.mode:
        return {}
    trusts = "no" if tls.mode == "verify-full" else "yes"
    return {"Encrypt": "no" if tls.mode == "disable" else "yes", "TrustServerCertificate": trusts}
