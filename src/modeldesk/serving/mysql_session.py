"""What a session of MySQL or MariaDB begins with, from either framework."""

# One index gives rows in the order of a page; two that are intersected give all that match.
PLANS = "optimizer_switch='index_merge_intersection=off'"


def init_command(limit: int) -> str:
    """The statement that sets a session up; no other takes longer than `limit` seconds, if any."""
    # Each of the two servers reads its own comment only, and MySQL's is for SELECT alone.
    mariadb = f"/*M!100108 , max_statement_time={limit} */"
    mysql = f"/*!50708 , max_execution_time={limit * 1000} */"
    return f"SET SESSION time_zone='+00:00', sql_mode='TRADITIONAL', {PLANS} {mariadb} {mysql}"
