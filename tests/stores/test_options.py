"""What follows ? in DATABASE_URL, as each framework hands it to the driver."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from modeldesk.django.databases import settings_for
from modeldesk.serving.settings import Settings, SettingsError
from modeldesk.stores.engine import engine_options
from sqlalchemy import NullPool

each_framework = pytest.mark.parametrize("options_of", [engine_options, settings_for])


def settings(kind: str, options: str) -> Settings:
    class Chosen(Settings):
        database: ClassVar[str] = kind

    return Chosen.model_validate(
        {"database_url": f"{kind}://app:unsaid@db.example.com/app{options}"}
    )


@each_framework
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("postgresql", "?nonsense=1"),
        ("mysql", "?nonsense=1"),
        ("mysql", "?charset=klingon"),
        ("mysql", "?connect_timeout=soon"),
        ("mysql", "?read_timeout=-1"),
    ],
)
def test_options_that_are_none(
    kind: str, options: str, options_of: Callable[[Settings], Any]
) -> None:
    with pytest.raises(
        SettingsError, match=r"^DATABASE_URL: .*(nonsense|charset|timeout)"
    ) as refused:
        options_of(settings(kind, options))
    assert "unsaid" not in str(refused.value)


def test_what_a_pooler_is_not_told() -> None:
    for mode in ("session", "transaction"):
        chosen = settings("postgresql", f"?pooler={mode}")
        flask, django = engine_options(chosen), settings_for(chosen)
        assert flask["connect_args"]["prepare_threshold"] is None
        assert (flask.get("poolclass") is NullPool) == (mode == "session")
        assert (django["CONN_MAX_AGE"] == 0) == (mode == "session")
        assert django["DISABLE_SERVER_SIDE_CURSORS"] == (mode == "transaction")
        for given in (flask["url"].query, flask["connect_args"], django["OPTIONS"]):
            assert not {"options", "pooler"} & given.keys()


def test_a_server_is_told_the_limit_of_time() -> None:
    chosen = settings("postgresql", "?options=-c%20work_mem%3D1MB&connect_timeout=9")
    limits = "-c work_mem=1MB -c timezone=UTC -c statement_timeout=30000"
    flask, django = engine_options(chosen), settings_for(chosen)
    assert flask["connect_args"]["options"] == django["OPTIONS"]["options"] == limits
    assert flask["url"].query["connect_timeout"] == str(django["OPTIONS"]["connect_timeout"]) == "9"
    assert "connect_timeout" not in flask["connect_args"]
