"""What stands in front of Django for predictions of programs."""

from django.conf import settings
from django.core import signals
from django.db import close_old_connections
from django.dispatch import Signal
from django.urls import resolve

from ..serving.answers import Answer, Request
from ..serving.fast_path import PATH
from ..serving.reporting import report
from ..serving.service import predict
from .api import view_of
from .conf import project_settings
from .errors import problem_of
from .service import get_service

# What does nothing around a prediction which has a token, or needs none; the others are an owner's.
INERT = {
    "modeldesk.django.middleware.ProblemMiddleware",
    "modeldesk.django.accounts.middleware.AccountMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
}


class DjangoPath:
    """`Framework` over the project."""

    def is_plain(self) -> bool:
        return (
            INERT.issuperset(settings.MIDDLEWARE)
            and resolve(PATH).func is view_of("POST", predict)
            and all(map(_is_of_django, (signals.request_started, signals.request_finished)))
        )

    def answer(self, request: Request, authorization: str) -> Answer:
        close_old_connections()  # as Django does before and after a view
        try:
            if project_settings().auth:
                from .accounts.callers import identify_token

                identify_token(authorization)
            return get_service().answer(predict, request)
        except Exception as error:
            problem = problem_of(error)
            report(problem, error)
            return problem.answer(request.id)
        finally:
            close_old_connections()


def _is_of_django(signal: Signal) -> bool:
    """Whether only Django itself receives it."""
    receivers = signal._live_receivers(None)
    flat = [one for part in receivers for one in (part if isinstance(part, list) else [part])]
    return all(receiver.__module__.startswith("django.") for receiver in flat)
