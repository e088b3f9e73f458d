"""Each project's `.env.example` documents the settings that its answers need, and no others."""

import re

from modeldesk.serving.settings import Settings

from .helpers import each
from .rendering import rendered, whole
from .variants import Project, leaders

SERVER = {"DATABASE_PASSWORD", "DATABASE_TIMEOUT"}
MAIL = {"MAIL_URL", "MAIL_FROM"}


@each(leaders().values())
def test_every_setting_is_documented(project: Project) -> None:
    text = rendered(project.name)[".env.example"].decode()
    answers = whole(project.answers)
    documented = re.findall(r"(?m)^# ?([A-Z_]+)=", text)
    unneeded = (set() if answers["server"] else SERVER) | (set() if answers["auth"] else MAIL)
    assert set(documented) == {name.upper() for name in Settings.model_fields} - unneeded
    assert len(documented) == len(set(documented))
    for line in text.splitlines():
        assert not line or line.startswith("# ")
