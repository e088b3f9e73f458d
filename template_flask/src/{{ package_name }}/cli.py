"""The command line, `manage`: our commands beside Flask's own and those of its extensions."""

from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import FlaskGroup

from . import create_app
from .serving import commands
from .serving.doctor import Check, examine
from .serving.server import WORKERS
from .serving.settings import Settings


class Manage(FlaskGroup):
    """Tells expected errors in one sentence."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        # Ours first: looking for others loads every extension's commands and the application.
        return self.commands.get(name) or super().get_command(ctx, name)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except commands.EXPECTED as error:
            raise click.ClickException(str(error)) from None


def create_cli_app() -> Flask:
    """The application with the commands of its database, which serving does not need."""
    from .database import init_commands

    app = create_app()
    init_commands(app)
    return app


@click.group(cls=Manage, create_app=create_cli_app, load_dotenv=False)
def main() -> None:
    """Serve and look after the model."""


host = click.option("--host", default="127.0.0.1", show_default=True)
port = click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)


@main.command(with_appcontext=False)
@host
@port
@click.option("--workers", type=click.IntRange(1), default=WORKERS, help="Processes.")
def serve(host: str, port: int, workers: int) -> None:
    """Run the production server."""
    from .database import migrate, outdated, unreachable

    app = create_cli_app()
    commands.serve(
        f"{__package__}.wsgi:application",
        host=host,
        port=port,
        workers=workers,
        unreachable=lambda: unreachable(app),
        outdated=lambda: outdated(app),
        migrate=lambda: migrate(app),
        say=click.echo,
    )


@main.command(with_appcontext=False)
def train() -> None:
    """Train the model in ml/train.py and make it current."""
    commands.train(click.echo)


@main.command(with_appcontext=False)
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--encoding", default="utf-8-sig", show_default=True, help="Of a CSV file.")
@click.pass_context
def predict_file(ctx: click.Context, source: Path, target: Path, encoding: str) -> None:
    """Predict every row of a CSV or Parquet file."""
    if not commands.predict(source, target, encoding=encoding, say=click.echo):
        ctx.exit(1)


@main.command("export", with_appcontext=False)
@click.argument("file", type=click.Path(path_type=Path))
def export_file(file: Path) -> None:
    """Write every prediction to a new FILE of JSON Lines.

    Interrupted, it leaves FILE.part; the next run continues it.
    """
    from .database import outdated
    from .log import open_log

    app = create_cli_app()
    with app.app_context():
        commands.export_file(file, open_log(), outdated=lambda: outdated(app), say=click.echo)


@main.command("import", with_appcontext=False)
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def import_file(ctx: click.Context, file: Path) -> None:
    """Add the predictions of an exported FILE that are not there yet.

    One that is there stays as it is; interrupted, it continues when run again.
    """
    from .database import outdated
    from .log import open_log

    app = create_cli_app()
    with app.app_context():
        log, say = open_log(), click.echo
        if not commands.import_file(file, log, outdated=lambda: outdated(app), say=say):
            ctx.exit(1)


@main.command(with_appcontext=False)
@host
@port
@click.pass_context
def doctor(ctx: click.Context, host: str, port: int) -> None:
    """Look for what would keep the service from working."""
    from .database import outdated, unreachable

    app = create_cli_app()

    def database() -> Check:
        return Check("database", "reachable", unreachable(app))

    def migrations() -> Check:
        return Check("migrations", "all applied", outdated(app))

    checks = list(examine(Settings.load(), host, port, database, migrations))
    click.echo("\n".join(map(str, checks)))
    ctx.exit(any(check.fault for check in checks))
