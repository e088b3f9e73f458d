"""What every service answers, whatever it is built with: a suite that asks it over HTTP only.

Run it by its name: `pytest --pyargs modeldesk.testing.contract`, with `--base-url` for a service
that is under way. Modules of parts that a service may lack say which, by the mark `part`.
"""
