"""How Django reaches SQL Server; it has not run against one yet."""

from typing import Any

import dj_database_url

from ...serving.database_url import CONNECT_TIMEOUT
from ...serving.settings import Settings


def settings_for(settings: Settings) -> dict[str, Any]:
    """The entry of DATABASES; each thread keeps its connection.

    What stands after ? in the URL goes to the driver, such as TrustServerCertificate=yes.
    """
    parsed = dj_database_url.parse(
        settings.database_url, engine="mssql", conn_max_age=600, conn_health_checks=True
    )
    # In development the server has signed its certificate itself.
    trusted = {} if settings.production else {"TrustServerCertificate": "yes"}
    given = trusted | parsed.get("OPTIONS", {})
    options = {
        "python_driver": "mssql_python",
        "connection_timeout": CONNECT_TIMEOUT,
        "connection_retries": 0,
        "query_timeout": settings.database_timeout,
        "extra_params": ";".join(f"{name}={value}" for name, value in given.items()),
    }
    return {**parsed, "OPTIONS": options}
