"""Commands about the life of a model: its versions, and which of them is served."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from ..ml.logged import LoggedRows
from ..serving import log_commands, prune_command, shadow_command
from ..serving import version_commands as commands
from ..serving.log import PredictionLog
from ..serving.replay import ROWS
from .cli import load_app
from .state import get_database, get_settings


@contextmanager
def opened_log() -> Iterator[tuple[PredictionLog, Callable[[], str | None]]]:
    """The log, and what tells why its database is not ready."""
    with load_app().app_context():
        yield get_database().log(), get_database().outdated


def logged_rows() -> LoggedRows:
    """What is added to the training data."""
    with opened_log() as (log, outdated):
        return log_commands.logged_rows(log, outdated=outdated, say=click.echo)


@click.command()
def versions() -> None:
    """List the versions of the model."""
    commands.list_versions(click.echo)


@click.command()
@click.argument("versions", metavar="[OLD] NEW", nargs=-1, required=True)
def compare(versions: tuple[str, ...]) -> None:
    """Show two versions side by side, and what callers of OLD, by default the current one, meet."""
    if len(versions) > 2:
        raise click.UsageError("Name one version, or two.")
    *old, new = versions
    commands.compare(old[0] if old else None, new, click.echo)


@click.command()
@click.argument("version")
@click.option("--force", is_flag=True, help="Also if it breaks callers of the current one.")
def promote(version: str, force: bool) -> None:
    """Make VERSION the current one; services load it at their next request."""
    commands.promote(version, force=force, say=click.echo)


@click.command()
def rollback() -> None:
    """Make the version that was current before current again."""
    commands.roll_back(click.echo)


@click.command(hidden=True)
def follow() -> None:
    """Answer as the shadow; `manage serve` runs it."""
    from ..serving.shadow import follow

    with load_app().app_context():
        follow(get_database().log(), get_settings())


@click.command()
@click.argument("version")
@click.option("--limit", type=click.IntRange(1), default=ROWS, show_default=True, help="Rows.")
def replay(version: str, limit: int) -> None:
    """Ask VERSION what the newest rows of the log asked, and show which answers differ."""
    with opened_log() as (log, outdated):
        log_commands.replay(version, limit, log, outdated=outdated, say=click.echo)


@click.command()
@click.argument("version", required=False)
@click.option("--off", is_flag=True, help="Let none answer there any more.")
def shadow(version: str | None, off: bool) -> None:
    """Let VERSION answer beside the current one, unseen; or show how its answers compare."""
    if version or off:
        shadow_command.choose(version, off=off, say=click.echo)
        return
    with opened_log() as (log, outdated):
        shadow_command.tell(log, outdated=outdated, say=click.echo)


@click.command()
@click.option("--older-than", metavar="DAYS", required=True, help="Whole days in UTC.")
@click.option("--version", help="Remove this one, too, even if predictions name it.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
def prune(older_than: str, **options: Any) -> None:
    """Make daily totals of predictions older than DAYS days, and remove old versions.

    Such predictions are gone then: for the API, which answers 404, for pages and the admin, and for
    training. A version goes that was trained before, is not in use, and no prediction names.
    Interrupted, it continues when run again.
    """
    with opened_log() as (log, outdated):
        options |= {"log": log, "summaries": get_database().summaries(), "outdated": outdated}
        prune_command.run(older_than, **options, say=click.echo)


COMMANDS = [versions, compare, promote, rollback, replay, shadow, prune, follow]
