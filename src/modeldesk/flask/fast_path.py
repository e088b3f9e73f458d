"""What stands in front of Flask for predictions of programs."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Flask, signals

from ..accounts.holders import identify
from ..serving.answers import Answer, Request
from ..serving.fast_path import PATH
from ..serving.service import Service, predict
from .api import blueprint, view_of
from .site import problem_of
from .state import NAME, State, get_service

if TYPE_CHECKING:
    from .accounts.database import AppTokens

# Extensions that do nothing around a prediction which has a token, or needs none.
INERT = ("modeldesk.flask.", "flask_login.", "flask_principal", "flask_wtf.csrf")
SIGNALS = (
    signals.appcontext_pushed,
    signals.appcontext_popped,
    signals.request_started,
    signals.request_finished,
    signals.request_tearing_down,
)


class FlaskPath:
    """`Framework` over an application."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.state: State = app.extensions[NAME]

    def is_plain(self) -> bool:
        app = self.app
        endpoint, _ = app.url_map.bind("localhost").match(PATH, method="POST")
        return (
            type(app) is Flask
            and app.view_functions[endpoint] is view_of(predict)
            and all(hook.__module__.startswith(INERT) for hook in self._hooks())
            and not any(signal.receivers for signal in SIGNALS)
        )

    def _hooks(self) -> Iterator[Callable[..., Any]]:
        """What is called around a view of the API."""
        app = self.app
        kinds: tuple[Any, ...] = (
            app.url_value_preprocessors,
            app.before_request_funcs,
            app.after_request_funcs,
            app.teardown_request_funcs,
        )
        for hooks in kinds:
            for scope in (None, blueprint.name):
                yield from hooks.get(scope, ())

    def answer(self, request: Request, authorization: str) -> Answer:
        service = self.state.service
        if service and self.is_apart and not service.predictor.rules.are_functions:
            return self._answer(service, request, authorization)
        with self.app.app_context():
            return self._answer(get_service(), request, authorization)

    @cached_property
    def is_apart(self) -> bool:
        """Whether nothing here asks for the application's context, but an owner's rules may."""
        return self.tokens is None or self.tokens.are_apart

    @cached_property
    def tokens(self) -> "AppTokens | None":
        """Where tokens are found; None where nobody has any."""
        if not self.state.settings.auth or not self.state.accounts:
            return None
        with self.app.app_context():
            return self.state.accounts.database.tokens

    def _answer(self, service: Service, request: Request, authorization: str) -> Answer:
        if self.tokens:
            try:
                identify(authorization, self.tokens)
            except Exception as error:
                with self.app.app_context():
                    return problem_of(error).answer(request.id)
        return service.answer(predict, request)
