"""Makes projects of this template, of its last commit, as its users do."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import copier

from .shell import REPO, run, uv

MIGRATE = {"flask": ("db", "upgrade"), "django": ("migrate",)}
FRAMEWORKS = tuple(MIGRATE)


def clone(folder: Path) -> Path:
    """The last commit of this repository: what is not committed cannot be copied from."""
    run(folder.parent, "git", "clone", "--quiet", str(REPO), folder.name)
    return folder


@dataclass
class Project:
    """A project in a folder of its own, copied and installed when it is first needed."""

    framework: str
    folder: Path
    template: Path
    answers: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def programs(self) -> Path:
        """Where `manage` and `python` are. Raises Failed."""
        answers = self.answers | {"framework": self.framework}
        copier.run_copy(
            str(self.template), self.folder, answers, vcs_ref="HEAD", defaults=True, quiet=True
        )
        run(self.folder, uv(), "sync", "--quiet")
        return self.folder / ".venv" / "bin"

    def made(self) -> Path:
        """Its folder, with all that is in it. Raises Failed."""
        return self.programs.parents[1]

    def manage(self, *arguments: str, **settings: str) -> str:
        """What a command of it prints. Raises Failed."""
        return run(self.folder, str(self.programs / "manage"), *arguments, **settings)

    def migrate(self, **settings: str) -> None:
        """Make the tables of the database that the settings name."""
        self.manage(*MIGRATE[self.framework], **settings)
