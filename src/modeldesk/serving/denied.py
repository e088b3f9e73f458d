"""What is said of a database that does not let its user do what it must."""

import re
from urllib.parse import unquote, urlsplit

from .database_url import database_of, location

# In the words of the drivers, without the statement that some of them add.
WORDS = re.compile(
    r"(?P<postgresql>(permission denied for|must be owner of) (?P<kind>[a-z ]+) (?P<name>[^\s)]+))"
    r"|(?P<mysql>[A-Z, ]+ command denied to user [^\n\")]*"
    r"|Access denied for user \S+ to database [^\n\")]*)"
    r"|(?P<mongodb>not authorized on \S+ to execute command)"
    r"|(?P<mssql>[A-Z][A-Z ]+ permission (was )?denied [^\n\")]*)"
)
START = "The database at"


def denied(url: str, said: str) -> str | None:
    """What the user of a checked URL may not do, by what a driver says, and what mends that.

    None where that is of something else; what is told already is told again as it is.
    """
    found = WORDS.search(said)
    if not found:
        return None
    if said.startswith(START):
        return said
    reason = found[0].strip(" .")
    place, grant = location(url), _grant(url, found)
    told = f"{START} {place} does not let its user do that: {reason}."
    return f"{told} Let an administrator run there: {grant}"


def _grant(url: str, found: re.Match[str]) -> str:
    address = urlsplit(url)
    user, name = unquote(address.username or "app"), unquote(address.path).strip("/")
    kind = database_of(url).schemes[0]
    if kind == "mysql":
        return f"GRANT ALL ON `{name}`.* TO '{user}'@'%';"
    if kind == "mongodb":
        role = f'{{ role: "readWrite", db: "{name}" }}'
        return f'db.grantRolesToUser("{user}", [{role}])'
    if kind == "mssql":
        return f"ALTER ROLE db_owner ADD MEMBER [{user}];"
    thing = f"{found['kind'] or 'schema'}".replace("relation", "table").upper()
    if "owner" in found[0]:
        return f'ALTER {thing} {found["name"]} OWNER TO "{user}";'
    if thing in ("TABLE", "SEQUENCE"):  # one is met after the other
        things = ("TABLES", "SEQUENCES")
        return " ".join(f'GRANT ALL ON ALL {t} IN SCHEMA public TO "{user}";' for t in things)
    return f'GRANT ALL ON {thing} {found["name"] or "public"} TO "{user}";'
