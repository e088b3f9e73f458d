"""Tests for projects: the contract that every service keeps, and what tests of a project need.

`plugin` brings the options, settings and fixtures to pytest; `contract` holds the tests.
"""
