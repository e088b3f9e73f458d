"""The article's three loads in plain Flask with Flask-SQLAlchemy."""

import os
import urllib.request

from flask import Flask, Response, jsonify, render_template
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


app = Flask(__name__, template_folder=os.environ["TEMPLATES"])
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{os.environ['DATABASE']}"
db = SQLAlchemy(app, model_class=Base)


class Fortune(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str]


@app.get("/article/json")
def hello() -> Response:
    return jsonify(message="Hello, World!")


@app.get("/article/remote")
def remote() -> Response:
    with urllib.request.urlopen(os.environ["UPSTREAM"]) as answer:
        return Response(answer.read(), mimetype="application/json")


@app.get("/article/complete")
def complete() -> str:
    fortunes = list(db.session.scalars(db.select(Fortune)))
    fortunes.append(Fortune(id=0, message="Additional fortune added at request time."))
    fortunes.sort(key=lambda fortune: fortune.message)
    return render_template("fortunes.html", fortunes=fortunes)
