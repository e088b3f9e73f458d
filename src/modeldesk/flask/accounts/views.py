"""Pages of one's own account: profile, tokens, and the end of it."""

from flask import Blueprint, flash, make_response, redirect, url_for
from flask_security import current_user, logout_user
from flask_security.confirmable import confirm_email_token_status, confirm_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from ...accounts import content
from ...accounts.tokens import digest, expires, new_secret, shown
from ...serving.answers import Problem
from ..state import get_database
from .current import get_accounts
from .forms import DeletingForm, TokenForm
from .pages import form_page

own_pages = Blueprint("accounts", __name__, url_prefix="/accounts")


@own_pages.route("/", methods=["GET", "POST"])
def profile() -> tuple[str, int] | Response:
    user, accounts = current_user._get_current_object(), get_accounts()
    if accounts.profile is None:
        raise Problem(404, "There is nothing to change.")
    form = accounts.profile(obj=user)
    if form.validate_on_submit():
        form.populate_obj(user)
        accounts.datastore.put(user)
        accounts.datastore.commit()
        return redirect(url_for("accounts.profile"), 303)
    roles = ", ".join(role.name for role in user.roles)
    known = {"email": user.email, "roles": roles}
    return form_page(content.PROFILE, form, "profile", profile=known)


@own_pages.route("/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> tuple[str, int] | Response:
    """What the link of a mail opens; so do programs that look into mails, which confirm none.

    It stands before Flask-Security's, which would confirm at once.
    """
    expired, invalid, user = confirm_email_token_status(token)
    if expired or invalid or not (user and user.is_active):
        flash(content.OVER)
        return redirect(url_for("security.send_confirmation"), 303)
    form = FlaskForm()
    if user.confirmed_at or form.validate_on_submit():
        confirm_user(user)
        get_accounts().datastore.commit()
        flash(content.CONFIRMED)
        return redirect(url_for("security.login"), 303)
    return form_page(content.CONFIRMING, form)


@own_pages.route("/tokens", methods=["GET", "POST"])
def tokens() -> Response:
    user, accounts = current_user._get_current_object(), get_accounts()
    form, secret = TokenForm(), ""
    if form.validate_on_submit():
        secret = new_secret()
        made = {"digest": digest(secret), "expires_at": expires(form.lifetime.data)}
        accounts.datastore.put(accounts.token_class(user=user, name=form.name.data, **made))
        accounts.datastore.commit()
        form = TokenForm(formdata=None)
    there = sorted(user.tokens, key=lambda token: token.id, reverse=True)
    more = {"secret": secret, "tokens": list(map(shown, there))}
    response = make_response(form_page(content.TOKENS, form, "tokens", **more))
    response.headers["Cache-Control"] = "no-store"
    return response


@own_pages.post("/tokens/<token_id>/revoke")
def revoke(token_id: str) -> Response:
    token = next((token for token in current_user.tokens if token.id == token_id), None)
    if token is None:
        raise Problem(404, "There is no such token.")
    datastore = get_accounts().datastore
    datastore.delete(token)
    datastore.commit()
    return redirect(url_for("accounts.tokens"), 303)


@own_pages.route("/delete", methods=["GET", "POST"])
def delete() -> tuple[str, int] | Response:
    form, datastore = DeletingForm(), get_accounts().datastore
    if form.validate_on_submit():
        user = current_user._get_current_object()
        get_database().log().disown(user.id)
        logout_user()
        datastore.delete_user(user)
        datastore.commit()
        return redirect(url_for("security.login"), 303)
    return form_page(content.DELETE, form)
