"""Lists of the admin in MongoDB."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet

from .connection import database

INDEXED = {"$match", "$sort", "$limit"}  # steps that follow an index when they come first


def first_ids(rows: QuerySet[Any], limit: int) -> list[str]:
    """The first ids of a query; Django would sort what it has read, which no index helps."""
    ids: Any = rows.values_list("id", flat=True)[:limit]
    compiler = ids.query.get_compiler(connection=connection)
    compiler.pre_sql_setup()
    steps: list[dict[str, Any]] = compiler.build_query().get_pipeline()
    asked = [step for step in steps if "$project" not in step]
    if not all(step.keys() <= INDEXED for step in asked):
        return list(ids)  # it computes something
    found = database()[rows.model._meta.db_table].aggregate([*asked, {"$project": {"_id": True}}])
    return [one["_id"] for one in found]
