"""The command line, `manage`; a command of your own: `@main.command()`, as in Click."""

from modeldesk.flask.cli import Manage

from . import create_app

main = Manage(create_app)
