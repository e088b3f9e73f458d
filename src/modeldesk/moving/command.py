"""`manage move-from`, whichever framework parses its options."""

from collections.abc import Callable, Collection
from itertools import islice

from ..serving.database_url import location
from ..serving.settings import Settings
from ..serving.transfer import TransferError, several, told
from .layouts import LAYOUTS
from .move import (
    MOST_TOLD,
    Found,
    Stores,
    bring,
    compare,
    look,
    room_fault,
    strangers,
)
from .own import Own, own_of
from .source import Source, open_source

HELP = (
    "Bring here all that the database at URL keeps, written by either framework. "
    "It looks first, and then reads both again and compares them. That database is only read; "
    "interrupted, it continues when run again."
)
CHECK = "Only look: what there is, and what is in the way."
ADD = "Beside what is here and not there, or is otherwise here, which stays as it is."
ACCOUNTS = "Whose accounts to bring, of a database that both frameworks have written."
FRAMEWORKS = [layout.framework for layout in LAYOUTS]

Say = Callable[[str], None]


def run(
    url: str,
    *,
    check: bool,
    add: bool,
    whose: str | None,
    settings: Settings,
    framework: str,
    here: Stores,
    roles: Collection[str],
    outdated: Callable[[], str | None],
    say: Say,
) -> None:
    """Bring what the database of `url` keeps into that of `settings`, whose stores are `here`.

    `framework` is what writes here, `roles` are those that accounts may have, and `whose` the
    framework whose accounts come. Raises TransferError, also when there is a difference at the end.
    """
    if fault := outdated():
        raise TransferError(fault)
    layout = next(one for one in LAYOUTS if one.framework == framework)
    with (
        told(location(settings.database_url)),
        open_source(url, settings, framework, whose) as source,
        own_of(source, settings, layout, accounts="account" in here) as own,
    ):
        found = look(source.stores, here, roles, progress=True)
        _tell(source, here, found, own, say)
        faults = found.faults
        if add:
            for line in own.leave():
                say(line)
        else:
            faults += own.faults()
        if fault := room_fault(settings, found, here):
            faults.append(fault)
        if not add and (more := [*strangers(source.stores, here)]):
            faults += [*more, "Begin with an empty database, or say --add."]
        if faults:
            shown = "\n".join(f"  {fault}" for fault in islice(faults, MOST_TOLD))
            rest = "\n  and more" if len(faults) > MOST_TOLD else ""
            raise TransferError(f"Nothing is brought, as this is in the way:\n{shown}{rest}")
        if check:
            say("Nothing is in the way, and nothing is changed; without --check it is brought.")
            return
        bring(source.stores, here, progress=True)
        _compare(source, here, found, add=add, say=say)
        for name, count, digest in own.bring():
            say(f"{name}: {count:,}, the same here and there ({digest[:12]})")
        say(f"Nothing was changed at {source.place}: to go back, use it as before.")


def _tell(source: Source, here: Stores, found: Found, own: Own, say: Say) -> None:
    for kind, store in source.stores.items():
        if kind in here:
            say(f"{found.counts[kind]:,} {several(kind)} at {source.place}")
        elif count := store.count():
            say(f"Not {count:,} {several(kind)}, as this service has none")
    if source.layout and "account" in source.stores:
        say(f"Accounts are as {source.layout.framework.capitalize()} writes them")
    for line in own.told():
        say(line)
    if found.shut_out:
        say("These cannot log in, for want of a password or a confirmed address, and no mails are")
        say("sent here; `create-admin` lets them in, as administrators:")
        for email in found.shut_out[:MOST_TOLD]:
            say(f"  {email}")


def _compare(source: Source, here: Stores, found: Found, *, add: bool, say: Say) -> None:
    """Tell counts and digests, and raise TransferError for what differs."""
    faults = []
    for kind, one in compare(source.stores, here, progress=True):
        name = several(kind)
        if one.missing:
            faults.append(f"These {name} are not here: {', '.join(one.missing)}.")
        if one.different and add:
            say(
                f"These {name} are otherwise here, and stay as they are: {', '.join(one.different)}"
            )
        elif one.different:
            mend = "Begin anew in an empty database, or let them stay as they are by --add."
            faults.append(f"These {name} are otherwise here: {', '.join(one.different)}. {mend}")
        elif not add and one.count_here != one.count:
            both = f"{one.count_here:,} {name} are here, and {one.count:,} there"
            faults.append(f"{both}: somebody writes here, which --add lets be.")
        else:
            say(f"{one.count:,} {name}, the same here and there ({one.digest[:12]})")
        if one.digest != found.digests[kind]:
            changes = f"The {name} there have changed meanwhile"
            faults.append(f"{changes}: stop the service that writes them, and run this again.")
    if faults:
        raise TransferError(" ".join(faults))
