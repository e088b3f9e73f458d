"""Types of columns that mean the same in every SQL database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Double, String, TypeDecorator
from sqlalchemy.dialects import mssql, mysql
from sqlalchemy.types import TypeEngine

DOUBLE: TypeEngine[float] = Double().with_variant(mssql.FLOAT(53), "mssql")


class UTCDateTime(TypeDecorator[datetime]):
    """A moment to the microsecond; UTC also in databases that keep no time zone."""

    impl = (
        DateTime()
        .with_variant(DateTime(timezone=True), "postgresql")
        .with_variant(mysql.DATETIME(fsp=6), "mysql")
        .with_variant(mssql.DATETIME2(6), "mssql")
    )
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


def bytewise(length: int) -> String:
    """Text of which MySQL and SQL Server, too, tell cases and accents apart."""
    return (
        String(length)
        .with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")
        .with_variant(mssql.NVARCHAR(length, collation="Latin1_General_100_BIN2"), "mssql")
    )
