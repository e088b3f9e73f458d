"""What DATABASE_URL says after ? of TLS and of a pooler: in one way for every database.

A checked URL has it as `sslmode`, `sslrootcert`, `sslcert`, `sslkey` and `pooler`, or, for MongoDB
whose driver reads the URL by itself, in the words of that. Other spellings are translated, and what
looks like one of these and is none is refused.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode

MODES = ("disable", "require", "verify-ca", "verify-full")
LENIENT = ("allow", "prefer")  # TLS if the server has it, as PostgreSQL and MySQL have by default
POOLERS = ("session", "transaction")
FILES = ("sslrootcert", "sslcert", "sslkey")
NAMES = ("sslmode", *FILES, "pooler")

# What drivers and other tools say, in small letters without - and _.
SPELLINGS = {
    "pgbouncer": "pooler",
    **dict.fromkeys(("sslca", "sslcafile", "tlsca", "tlscafile"), "sslrootcert"),
    **dict.fromkeys(("sslcertfile", "tlscert", "tlscertfile"), "sslcert"),
    "tlscertificatekeyfile": "sslcert",  # MongoDB's, with the key in the same file
    **dict.fromkeys(("sslkeyfile", "tlskey", "tlskeyfile"), "sslkey"),
    **dict.fromkeys(("ssl", "tls", "usessl", "usetls", "encrypt", "encryption"), "encrypts"),
    "sslverifycert": "verifies",
    "sslverifyidentity": "verifies the name",
    "sslcheckhostname": "verifies the name",
}
OPPOSITES = {
    "tlsallowinvalidcertificates": "verifies",
    "tlsinsecure": "verifies",
    "trustservercertificate": "verifies",
    "tlsallowinvalidhostnames": "verifies the name",
}
OWN = {  # what else of TLS a driver knows
    "postgresql": {
        *("sslcrl", "sslcrldir", "sslsni", "sslpassword", "sslcertmode", "sslnegotiation"),
        *("sslminprotocolversion", "sslmaxprotocolversion", "sslcompression"),
    },
    "mssql": {"encrypt", "encryption", "trustservercertificate"},
    "mongodb": {"tlscrlfile", "tlscertificatekeyfilepassword", "tlsdisableocspendpointcheck"},
}
YES = {"1", "true", "yes", "on", "require", "required", "mandatory"}
NO = {"0", "false", "no", "off", "disable", "disabled"}
BUNDLES = (  # of the authorities that a system trusts, where Python knows of none
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
)


@dataclass(frozen=True, slots=True)
class TLS:
    """How a server is spoken to: `mode` is one of MODES, or empty where nothing is said.

    `verify-ca` holds the server's certificate against the file `authority`, and `verify-full` the
    host's name too. `certificate` is the service's own, with its `key` in the same file if that is
    empty.
    """

    mode: str = ""
    authority: str = ""
    certificate: str = ""
    key: str = ""


def tls_of(url: str) -> TLS:
    """What a checked URL says of TLS."""
    said = dict(parse_qsl(url.partition("?")[2]))
    return TLS(said.get("sslmode", ""), *(said.get(name, "") for name in FILES))


def pooler_of(url: str) -> str:
    """How what stands between the service and the server hands out connections: one of POOLERS.

    Empty where nothing stands there.
    """
    return dict(parse_qsl(url.partition("?")[2])).get("pooler", "")


def checked(url: str, kind: str, root: Path) -> str:
    """The URL with what it says of TLS and a pooler in the usual form.

    `kind` is the usual scheme of its database; relative paths begin at `root`.

    Raises:
        ValueError: a sentence with the fault and the mend.
    """
    place, _, query = url.partition("?")
    said: dict[str, str] = {}
    others: list[tuple[str, str]] = []
    for name, text in parse_qsl(query, keep_blank_values=True):
        meaning = _meaning(name, kind)
        if not meaning:
            others.append((name, text))
            continue
        meant = _value(meaning, name, text)
        if said.setdefault(meaning, meant) != meant:
            raise ValueError(f"DATABASE_URL says two things: {name}={text}, and the opposite.")
    if not said:
        return url
    found = _of_pooler(said, kind) | _of_tls(said, kind, root)
    return f"{place}?{urlencode([*others, *found.items()], quote_via=quote, safe='/')}"


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _meaning(name: str, kind: str) -> str:
    """What an option is about; nothing if it is none of ours."""
    plain = _plain(name)
    if plain in OWN.get(kind, ()):
        return ""
    if found := SPELLINGS.get(plain) or OPPOSITES.get(plain):
        return found
    if plain in NAMES:
        return plain
    if "ssl" in plain or "tls" in plain:
        raise ValueError(
            f"DATABASE_URL: {name} is no option. Say sslmode=verify-full&sslrootcert=/path/ca.pem "
            "for TLS that is verified, or sslmode=require."
        )
    return ""


def _value(meaning: str, name: str, text: str) -> str:
    word = text.lower().replace("_", "-")
    if meaning in FILES:
        return text
    if meaning == "sslmode":
        return {"disabled": "disable", "required": "require", "preferred": "prefer"}.get(
            word, "verify-full" if word == "verify-identity" else word
        )
    if meaning == "pooler" and word in YES:
        return "transaction"  # as others mean it
    if meaning == "pooler":
        return word
    if word not in YES | NO:
        raise ValueError(f"DATABASE_URL: {name}={text} should be true or false.")
    return "yes" if (word in YES) != (_plain(name) in OPPOSITES) else "no"


def _of_pooler(said: dict[str, str], kind: str) -> dict[str, str]:
    pooler = said.get("pooler", "")
    if not pooler or pooler in NO:
        return {}
    if kind != "postgresql":
        raise ValueError("DATABASE_URL: pooler is for PostgreSQL alone.")
    if pooler not in POOLERS:
        raise ValueError(
            f"DATABASE_URL: pooler={pooler} should be {' or '.join(POOLERS)}, as PgBouncer's "
            "pool_mode says. Its third, statement, cannot keep what belongs together."
        )
    return {"pooler": pooler}


def _of_tls(said: dict[str, str], kind: str, root: Path) -> dict[str, str]:
    """What is said of TLS, for the driver of this kind of database."""
    mode = _mode(said, kind)
    files = {name: said[name] for name in FILES if said.get(name)}
    if not mode and not files:
        return {}
    if files and mode in ("disable", *LENIENT):
        raise ValueError(
            f"DATABASE_URL: with sslmode={mode} nothing is held against {next(iter(files))}. "
            "Say sslmode=verify-full."
        )
    mode, authority = mode or "verify-full", files.get("sslrootcert", "")
    if mode == "require" and authority:
        mode = "verify-ca"  # as PostgreSQL's driver means it
    if mode == "verify-ca" and authority in ("", "system"):
        raise ValueError(
            "DATABASE_URL: sslmode=verify-ca needs the certificate of the authority, such as: "
            "sslrootcert=/path/ca.pem"
        )
    if authority == "system":
        del files["sslrootcert"]
    files = {name: str(root / path) for name, path in files.items()}
    _check(files)
    if kind == "mongodb":
        return _for_mongodb(mode, files)
    if mode == "verify-full" and "sslrootcert" not in files and kind != "mssql":
        files["sslrootcert"] = _of_the_system()
    return {"sslmode": mode} | files


def _mode(said: dict[str, str], kind: str) -> str:
    """One of MODES or LENIENT, or nothing."""
    mode = said.get("sslmode", "")
    encrypts, verifies = said.get("encrypts"), said.get("verifies")
    of_name = said.get("verifies the name")
    if not mode:
        if encrypts == "no":
            mode = "disable"
        elif verifies == "no":
            mode = "require"
        elif of_name == "no":
            mode = "verify-ca"
        elif encrypts or verifies or of_name:
            mode = "verify-full"
    modes = (*MODES, *LENIENT) if kind in ("postgresql", "mysql") else MODES
    if mode and mode not in modes:
        raise ValueError(
            f"DATABASE_URL: sslmode={mode} should be {', '.join(MODES[:-1])} or {MODES[-1]}."
        )
    for claim, is_so in (
        (encrypts, mode in MODES[1:]),
        (verifies, mode.startswith("verify")),
        (of_name, mode == "verify-full"),
    ):
        if claim and is_so != (claim == "yes"):
            raise ValueError(
                f"DATABASE_URL says sslmode={mode}, and the opposite. Leave all but sslmode out."
            )
    return mode


def _for_mongodb(mode: str, files: dict[str, str]) -> dict[str, str]:
    if files.get("sslkey", files.get("sslcert")) != files.get("sslcert"):
        raise ValueError(
            "DATABASE_URL: MongoDB's driver takes the certificate and its key in one file; join "
            "them, and leave out sslkey."
        )
    named = {"sslrootcert": "tlsCAFile", "sslcert": "tlsCertificateKeyFile"}
    return {
        "tls": "false" if mode == "disable" else "true",
        **({"tlsAllowInvalidCertificates": "true"} if mode == "require" else {}),
        **({"tlsAllowInvalidHostnames": "true"} if mode == "verify-ca" else {}),
        **{named[name]: path for name, path in files.items() if name in named},
    }


def _check(files: dict[str, str]) -> None:
    """Hold files against what they are to be, which drivers do at their first use only."""
    import ssl

    context = ssl.create_default_context()
    name = path = ""
    try:
        if path := files.get(name := "sslrootcert", ""):
            context.load_verify_locations(path)
        if path := files.get(name := "sslcert", ""):
            context.load_cert_chain(path, files.get("sslkey"), _locked)
    except LookupError:
        pass  # the driver is told the password
    except ssl.SSLError:
        what = "authority" if name == "sslrootcert" else "service, with its key"
        raise ValueError(
            f"DATABASE_URL: {name}={path} holds no certificate of the {what}."
        ) from None
    except OSError as error:
        raise ValueError(f"DATABASE_URL: {name}={path}: {error.strerror}.") from None


def _locked() -> str:
    raise LookupError


def _of_the_system() -> str:
    """The file of the authorities that the system trusts; drivers have each their own idea."""
    import ssl

    found = (ssl.get_default_verify_paths().cafile, *BUNDLES)
    for path in filter(None, found):
        if Path(path).is_file():
            return path
    raise ValueError(
        "DATABASE_URL: name the certificate of the authority, such as: sslrootcert=/path/ca.pem"
    )
