"""The library's tables in SQL, whose metadata are their own: a project's migrations pass by."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .types import DOUBLE, UTCDateTime, bytewise


class Base(DeclarativeBase):
    """Base of the library's tables, which `schema` makes and changes."""


def _of(name: str, *columns: Any, where: ColumnElement[bool]) -> Index:
    """An index of some rows only, which costs the others nothing; MySQL has it of all."""
    return Index(name, *columns, sqlite_where=where, postgresql_where=where, mssql_where=where)


class Prediction(Base):
    """One row of the prediction log; `Record` says what its fields mean."""

    __tablename__ = "predictions"

    id: Mapped[str] = mapped_column(bytewise(36), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    request_id: Mapped[str] = mapped_column(bytewise(64))
    model_version: Mapped[str] = mapped_column(bytewise(64))
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    output: Mapped[dict[str, Any]] = mapped_column(JSON)
    label: Mapped[str | None] = mapped_column(bytewise(255))
    duration_ms: Mapped[float] = mapped_column(DOUBLE)
    feedback: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    feedback_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    shadow: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    user_id: Mapped[str | None] = mapped_column(bytewise(36))
    reference: Mapped[str | None] = mapped_column(bytewise(64))

    # Ids sort by time: by one of these, what is asked for is read newest first and then no further.
    __table_args__ = (
        Index("ix_predictions_by_version", model_version, id),
        _of("ix_predictions_by_label", label, id, where=label.is_not(None)),
        _of("ix_predictions_by_user", user_id, id, where=user_id.is_not(None)),
        _of("ix_predictions_by_reference", reference, id, where=reference.is_not(None)),
        _of("ix_predictions_waiting", id, where=feedback_at.is_(None)),
        _of("ix_predictions_told", id, where=feedback_at.is_not(None)),
        _of("ix_predictions_told_by_version", model_version, id, where=feedback_at.is_not(None)),
    )


class Summary(Base):
    """What is kept of a day's predictions by a version; `Totals` says what its fields mean."""

    __tablename__ = "summaries"

    id: Mapped[str] = mapped_column(bytewise(75), primary_key=True)  # the day, a slash, the version
    day: Mapped[str] = mapped_column(bytewise(10))
    model_version: Mapped[str] = mapped_column(bytewise(64))
    count: Mapped[int]
    duration_ms: Mapped[float] = mapped_column(DOUBLE)
    longest_ms: Mapped[float] = mapped_column(DOUBLE)
    with_feedback: Mapped[int]
    correct: Mapped[int]
    errors: Mapped[dict[str, float]] = mapped_column(JSON)
    labels: Mapped[dict[str, int]] = mapped_column(JSON)


class Tally(Base):
    """How many predictions a version has made, up to one of an id; `serving.tallies` keeps it."""

    __tablename__ = "tallies"

    model_version: Mapped[str] = mapped_column(bytewise(64), primary_key=True)
    made: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[str] = mapped_column(bytewise(36))
