"""The move itself: what an export would write is read there and added here, and then compared."""

import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from ..accounts.lines import AccountLine
from ..ml.progress import tqdm
from ..serving.lines import BadLine, canonical, from_line, to_line
from ..serving.log import PredictionLog
from ..serving.settings import Settings
from ..serving.summaries import SummaryStore
from ..serving.transfer import (
    ACCOUNT,
    LOG,
    TOTALS,
    Store,
    Summary,
    TransferError,
    add_new,
    pages,
    several,
)

MOST_TOLD = 10
ROOM = 2.5  # bytes of a database for each byte of a line, with its indexes

Stores = Mapping[str, Store]


@dataclass
class Found:
    """What is there: the records by kind, their size as lines, and what keeps them from coming."""

    counts: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    size: int = 0
    faults: list[str] = field(default_factory=list)
    shut_out: list[str] = field(default_factory=list)  # addresses that lack a password


def look(there: Stores, here: Stores, roles: Collection[str], *, progress: bool) -> Found:
    """Read all that is there as it would come here."""
    found = Found()
    accounts = pages(here[ACCOUNT]) if ACCOUNT in here else ()
    addresses = {account.email: account.id for some in accounts for account in some}
    for kind, store in there.items():
        digest, count = sha256(), 0
        for records in _pages(store, kind, progress):
            for record in records:
                line = to_line(record)
                found.size += len(line)
                try:
                    taken = from_line(line, here.keys())[1]
                except BadLine as error:
                    found.faults.append(f"{kind} {record.id}: {error}")
                    continue
                if taken:
                    digest.update(canonical(taken))
                    count += 1
                if isinstance(taken, AccountLine):
                    found.faults += _clashes(taken, addresses, roles)
                    if "token" not in here and not taken.may_log_in:
                        found.shut_out.append(taken.email)
            del found.faults[MOST_TOLD + 1 :]
        found.counts[kind], found.digests[kind] = count, digest.hexdigest()
    return found


def _clashes(
    account: AccountLine, addresses: dict[str, str], roles: Collection[str]
) -> Iterator[str]:
    owner = addresses.setdefault(account.email, account.id)
    if owner != account.id:
        yield f"account {account.id}: The account {owner} has the address {account.email}, too."
    if unknown := [role for role in account.roles if role not in roles]:
        yield (
            f"account {account.id}: It has the role {unknown[0]}, and the roles here are "
            f"{', '.join(roles)}. Add it to accounts/roles.py, or take it from the account."
        )


def strangers(there: Stores, here: Stores) -> Iterator[str]:
    """What is here and not there, so that the move would not give the same."""
    for kind, store in here.items():
        if kind in there:
            count = 0
            for records in pages(store):
                known = {record.id for record in there[kind].find([one.id for one in records])}
                count += sum(record.id not in known for record in records)
            if count:
                yield f"{count:,} {several(kind)} are here that are not there."


def room_fault(settings: Settings, found: Found, here: Stores) -> str | None:
    """Why the disk cannot take what is lacking here, where it is one of this machine."""
    if settings.database != "sqlite":
        return None
    wanted = sum(found.counts.values()) or 1
    lacking = max(0, wanted - sum(store.count() for store in here.values())) / wanted
    folder = Path(settings.database_url.removeprefix("sqlite:///")).parent
    free, needed = shutil.disk_usage(folder).free, int(found.size * ROOM * lacking)
    if free >= needed:
        return None
    return f"{folder} has room for {free:,} bytes, and this takes about {needed:,}."


def bring(there: Stores, here: Stores, *, progress: bool) -> None:
    """Add what is not here yet, in batches, each of which is stored as a whole or not at all."""
    for kind, store in there.items():
        if kind not in here:
            continue

        def stopped(name: Any, error: Exception, kind: str = kind) -> TransferError:
            says = "What came before is here; mend it there and run the command again."
            return TransferError(f"The {kind} {name} cannot be brought. {error} {says}")

        for records in _pages(store, kind, progress):
            taken = _taken(records, here)
            add_new(here[kind], [(one.id, one) for one in taken], Summary(), stopped)
            if kind == LOG:
                _catch_up(cast(PredictionLog, here[LOG]), taken)
    if TOTALS in here:
        cast(SummaryStore, here[TOTALS]).forget()  # counts of predictions, which are more now


def _catch_up(log: PredictionLog, records: list[Any]) -> None:
    """Bring outcomes and answers of shadows that came since an earlier run."""
    known = {one.id: one for one in log.find([one.id for one in records])}
    for record in records:
        if record.feedback and not known[record.id].feedback:
            log.give_feedback(record.id, record.feedback)
    shadows = {one.id: one.shadow for one in records if one.shadow and not known[one.id].shadow}
    if shadows:
        log.set_shadow(shadows)


@dataclass
class Compared:
    """Records of a kind there and here; `different` and `missing` here are some ids."""

    count: int
    count_here: int
    digest: str
    different: list[str]
    missing: list[str]


def compare(there: Stores, here: Stores, *, progress: bool) -> Iterator[tuple[str, Compared]]:
    """Read both anew."""
    for kind, store in there.items():
        if kind not in here:
            continue
        digest, count = sha256(), 0
        different, missing = list[str](), list[str]()
        for records in _pages(store, kind, progress):
            taken = _taken(records, here)
            known = {one.id: canonical(one) for one in here[kind].find([one.id for one in taken])}
            for record in taken:
                content = canonical(record)
                digest.update(content)
                count += 1
                if record.id not in known:
                    missing.append(record.id)
                elif known[record.id] != content:
                    different.append(record.id)
            del different[MOST_TOLD:], missing[MOST_TOLD:]
        count_here = here[kind].count()
        yield kind, Compared(count, count_here, digest.hexdigest(), different, missing)


def _taken(records: list[Any], here: Stores) -> list[Any]:
    """The records as this service keeps them, checked as lines of a file are."""
    return [from_line(to_line(record), here.keys())[1] for record in records]


def _pages(store: Store, kind: str, progress: bool) -> Iterator[list[Any]]:
    with tqdm(total=store.count(), desc=several(kind), leave=False, disable=not progress) as bar:
        for records in pages(store):
            yield records
            bar.update(len(records))
