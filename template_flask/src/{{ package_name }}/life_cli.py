"""Commands about the life of a model: its versions, and which of them is served."""

import click

from .serving import version_commands as commands


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
    from . import create_app
    from .log import open_log
    from .serving.shadow import follow

    with create_app().app_context():
        follow(open_log())


COMMANDS = [versions, compare, promote, rollback, follow]
