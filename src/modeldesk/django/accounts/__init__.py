"""A reusable app for Django: accounts with roles, which log in by address and password.

The project has the tables, in an app of its own: models below those of `.models`, and `roles.py`
beside them, which says what each role allows.
"""
