"""Where predictions are kept: the log and its daily totals in SQL and in MongoDB.

Nothing here knows a web framework. Modules of one database are imported by who uses it only: a
project installs no other's driver.
"""
