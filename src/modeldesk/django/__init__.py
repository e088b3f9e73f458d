"""A reusable app for Django: the API, the prediction log, pages and commands of a model's service.

A project names it in INSTALLED_APPS, after its own package and before Django's apps:

    INSTALLED_APPS = ["my_service", "modeldesk", "modeldesk.django", "django.contrib.staticfiles"]

and puts what `modeldesk.serving.settings.Settings` has read into a setting of its own, SETTINGS,
and the name that pages and mails show into SERVICE_NAME. `modeldesk` holds pages and static files.
"""
