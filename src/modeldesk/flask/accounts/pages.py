"""Forms of accounts as their pages show them."""

from typing import Any

from flask import get_flashed_messages, redirect, render_template, request, url_for
from wtforms import Form, HiddenField, SubmitField

from ...accounts import content
from ..state import get_settings

BUTTONS = (HiddenField, SubmitField)
PAGES = {
    "login_user": content.LOGIN,
    "register_user": content.REGISTER,
    "send_confirmation": content.CONFIRM,
    "forgot_password": content.RESET,
    "reset_password": content.NEW_PASSWORD,
    "change_password": content.PASSWORD,
}
STAFF_PAGES = {"login_user": content.STAFF_LOGIN, "change_password": content.STAFF_PASSWORD}


def render_page(template: str, **context: Any) -> Any:
    """A page of Flask-Security as one of ours; one that only tells of success is left."""
    form = next(value for name, value in context.items() if name.endswith("_form"))
    if request.method == "POST" and not form.errors:
        return redirect(url_for("security.login"), 303)
    pages = PAGES if get_settings().auth else STAFF_PAGES
    return form_page(pages[template.removeprefix("security/").removesuffix(".html")], form)


def form_page(
    page: content.Page, form: Form, template: str = "form", **more: Any
) -> tuple[str, int]:
    """The page of a form: 422 when something is wrong with it."""
    summary = " ".join(dict.fromkeys(map(str, form.form_errors)))
    shown = content.form_context(page, shown_fields(form), summary)
    shown |= {"notices": get_flashed_messages()} | more
    name = f"modeldesk/accounts/{template}.html"
    return render_template(name, **shown), 422 if form.errors else 200


def shown_fields(form: Form) -> list[dict[str, Any]]:
    """The controls of a form, for the shared template; the first with a fault has the focus."""
    shown: list[dict[str, Any]] = []
    for field in sorted(form, key=lambda field: field.name != "email"):  # which comes first
        if isinstance(field, BUTTONS) or field.name == "csrf_token":
            continue
        errors = [str(error).rstrip(".") + "." for error in field.errors]
        attributes: dict[str, Any] = {}
        if errors:
            attributes = {"aria-describedby": f"{field.id}-error", "aria-invalid": "true"}
            attributes["autofocus"] = not any(earlier["errors"] for earlier in shown)
        shown.append(
            {
                "id": field.id,
                "label": str(field.label.text).capitalize(),  # "Retype Password"
                "unit": "",
                "control": field(**attributes),
                "errors": errors,
                "hint": "",
                "required": not field.flags.optional,
            }
        )
    return shown
