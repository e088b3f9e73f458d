"""The prediction log and its totals in Django's ORM, on any SQL database."""
