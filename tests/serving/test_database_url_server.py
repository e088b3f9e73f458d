{%- from "template_common/databases.jinja" import databases -%}
{%- set known = databases[database] -%}
{%- set scheme = known.schemes[0] -%}
"""DATABASE_URL: what is taken, and what is refused with a reason."""

from pathlib import Path

import pytest
from modeldesk.serving.database_url import (
    DEVELOPMENT_URL,
    location,
    parsed,
)

GOOD = "{{ scheme }}://app:p%40ss%23@db.example.com:7000/app"


def test_an_url_of_this_database() -> None:
    assert parsed(GOOD, Path()) == GOOD
    assert location(GOOD) == "db.example.com:7000/app"


def test_the_usual_port_may_be_left_out() -> None:
    url = parsed("{{ scheme }}://db.example.com/app", Path())
    assert location(url) == "db.example.com:{{ known.port }}/app"


def test_the_other_scheme() -> None:
    other = GOOD.replace("{{ scheme }}:", "{{ known.schemes[1] }}:")
{%- if database == "mongodb" %}
    assert parsed(other, Path()) == other
{%- else %}
    assert parsed(other, Path()) == GOOD
{%- endif %}
{% if database == "mongodb" %}

def test_several_hosts() -> None:
    url = "mongodb://a.example.com,b.example.com:7001/app?replicaSet=rs0"
    assert parsed(url, Path()) == url
    assert location(url) == "a.example.com:27017,b.example.com:7001/app"
{% elif database == "postgresql" %}

def test_a_socket() -> None:
    url = "postgresql:///app?host=/var/run/postgresql"
    assert parsed(url, Path()) == url
{% endif %}

def test_development_needs_only_a_password() -> None:
    url = parsed(DEVELOPMENT_URL.format(password="a-b_c"), Path())
    assert location(url) == "127.0.0.1:{{ known.port }}/app"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "no valid URL: input is empty"),
        ("app", "no valid URL"),
        ("{{ scheme }}://app:unsaid#1@db.example.com/app", "%23 for #"),
        ("{{ scheme }}://app:unsaid/1@db.example.com/app", "%2F for /"),
        ("{{ scheme }}://db.example.com:99999/app", "invalid port number"),
        ("{{ scheme }}://db.example.com", "name of one database"),
        ("{{ scheme }}://db.example.com/", "name of one database"),
        ("{{ scheme }}://db.example.com/a/b", "name of one database"),
        ("{{ scheme }}+driver://db.example.com/app", "must begin with {{ scheme }}://"),
        ("oracle://db.example.com/app", "must begin with {{ scheme }}://"),
        ("{{ scheme }}:///app", "names no host"),
    ],
)
def test_refused(url: str, words: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL ") as refused:
        parsed(url, Path())
    assert words in str(refused.value)
    assert "unsaid" not in str(refused.value)
