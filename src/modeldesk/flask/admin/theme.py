"""How the admin looks: as the other pages of the service."""

from dataclasses import dataclass

from flask_admin.theme import Theme


@dataclass
class DeskTheme(Theme):
    """Our base template, over what Flask-Admin has for its own."""

    folder: str = "bootstrap4"
    base_template: str = "modeldesk/flask_admin/layout.html"
