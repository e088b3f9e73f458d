"""What a session of MySQL or MariaDB begins with, from either framework."""

from collections.abc import Mapping
from inspect import signature
from typing import Any

import pymysql

from ..serving.database_options import NAMES, tls_of
from ..serving.database_url import CONNECT_TIMEOUT
from ..serving.settings import Settings, SettingsError

# One index gives rows in the order of a page; two that are intersected give all that match.
PLANS = "optimizer_switch='index_merge_intersection=off'"


def options(settings: Settings, given: Mapping[str, Any], patience: int) -> dict[str, Any]:
    """The options of a connection, of which those that the URL has, `given`, win.

    What the server does not limit is waited for `patience` seconds longer than its limit.

    Raises:
        SettingsError: the URL has one that is none.
    """
    known = signature(pymysql.Connection.__init__).parameters
    theirs = {
        name: int(text) if str(text).isdecimal() else text
        for name, text in given.items()
        if name not in NAMES
    }
    for name in theirs:
        if name not in known:
            raise SettingsError(f"DATABASE_URL: {name} is no option of a connection.")
    limit = settings.database_timeout
    found = {
        "connect_timeout": CONNECT_TIMEOUT,
        "read_timeout": limit + patience if limit else None,
        "write_timeout": limit + patience if limit else None,
        "init_command": init_command(limit),
        **theirs,
        **_tls(settings.database_url),
    }
    try:
        pymysql.Connection(**found, defer_connect=True)
    except (AttributeError, TypeError, ValueError):  # which tell no owner anything
        said = " or ".join(theirs)
        raise SettingsError(
            f"DATABASE_URL: its driver does not take the value of {said}."
        ) from None
    return found


def init_command(limit: int) -> str:
    """The statement that sets a session up; no other takes longer than `limit` seconds, if any."""
    # Each of the two servers reads its own comment only, and MySQL's is for SELECT alone.
    mariadb = f"/*M!100108 , max_statement_time={limit} */"
    mysql = f"/*!50708 , max_execution_time={limit * 1000} */"
    return f"SET SESSION time_zone='+00:00', sql_mode='TRADITIONAL', {PLANS} {mariadb} {mysql}"


def _tls(url: str) -> dict[str, Any]:
    """Of the driver, which else encrypts where the server can, and verifies nothing."""
    tls = tls_of(url)
    if tls.mode == "disable":
        return {"ssl_disabled": True}
    if tls.mode not in ("require", "verify-ca", "verify-full"):
        return {}
    verifies = tls.mode != "require"
    files = {"ca": tls.authority, "cert": tls.certificate, "key": tls.key}
    return {
        "ssl": {
            "verify_mode": "required" if verifies else "none",
            "check_hostname": tls.mode == "verify-full",
            **{name: path for name, path in files.items() if path},
        }
    }
