"""What the extension knows of an application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import current_app

from ..serving.deployment import Deployment
from ..serving.middleware import Gateway
from ..serving.service import Service
from ..serving.settings import Settings
from .database import Database

if TYPE_CHECKING:
    from .accounts import Accounts

NAME = "modeldesk"  # in `app.extensions`


@dataclass
class State:
    """Of one application; `pages` is the blueprint that has the form, by its name."""

    name: str
    settings: Settings
    database: Database
    gateway: Gateway
    service: Service | None = None
    accounts: Accounts | None = None
    pages: str = ""


def current_state() -> State:
    """Of the current application."""
    state: State = current_app.extensions[NAME]
    return state


def get_settings() -> Settings:
    """The settings of the current application, of the project's own class."""
    return current_state().settings


def get_database() -> Database:
    """Where the current application keeps predictions."""
    return current_state().database


def get_service() -> Service:
    """The service of the current application, made when it is first asked for.

    Raises:
        ArtifactError: there is no model, or it cannot be served.
    """
    state = current_state()
    if state.service is None:
        deployment = Deployment(state.settings.artifacts_dir, auth=state.settings.auth)
        state.service = Service(deployment, state.database.log(), state.settings)
    return state.service
