"""The library's tables in SQL, whose metadata are their own: a project's migrations pass by."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .types import DOUBLE, UTCDateTime, bytewise


class Base(DeclarativeBase):
    """Base of the library's tables, which `schema` makes and changes."""


class Prediction(Base):
    """One row of the prediction log; `Record` says what its fields mean."""

    __tablename__ = "predictions"

    id: Mapped[str] = mapped_column(bytewise(36), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    request_id: Mapped[str] = mapped_column(bytewise(64))
    model_version: Mapped[str] = mapped_column(bytewise(64), index=True)
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    output: Mapped[dict[str, Any]] = mapped_column(JSON)
    label: Mapped[str | None] = mapped_column(bytewise(255), index=True)
    duration_ms: Mapped[float] = mapped_column(DOUBLE)
    feedback: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    feedback_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    shadow: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    user_id: Mapped[str | None] = mapped_column(bytewise(36))
    reference: Mapped[str | None] = mapped_column(bytewise(64), index=True)

    __table_args__ = (Index("ix_predictions_user_id", user_id, id),)


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
