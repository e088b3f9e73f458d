"""All that are measured, each made when it is first needed."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from .loop import Loop
from .peers import LOOPS, PEERS, Peer
from .projects import FRAMEWORKS, Project, clone
from .server import Server
from .services import EVERYTHING, service
from .shell import new_environment, run, versions

HERE = Path(__file__).parent
SCRIPTS = HERE / "peers"
Racer = Server | Loop
ROWS = "rows.json"


class Field:
    """What is in `root`: projects, environments, and a folder for each model."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.template = clone(root / "template")
        self.projects: list[Project] = []
        self.plain = {name: self.project(name, name, {}) for name in FRAMEWORKS}
        self.full = {name: self.project(name, f"{name}-all", EVERYTHING) for name in FRAMEWORKS}
        self.environments: dict[str, Path] = {}
        self.prepared: set[tuple[str, str]] = set()

    def project(self, framework: str, name: str, answers: dict[str, Any]) -> Project:
        """A project in a folder of this name, which is made when it is first needed."""
        project = Project(framework, self.root / name, self.template, answers)
        self.projects.append(project)
        return project

    @cached_property
    def models(self) -> Path:
        """The folder that holds a folder for each model."""
        folder = self.root / "models"
        folder.mkdir()
        project = self.plain["flask"]
        run(project.folder.parent, str(project.programs / "python"), str(HERE / "fit.py"), "models")
        return folder

    def makers(self, model: str) -> dict[str, Callable[[], Racer]]:
        """How each is made that serves a model; making one raises Failed."""
        made: dict[str, Callable[[], Racer]] = {p.name: self._peer(p, model) for p in PEERS}
        for framework in FRAMEWORKS:
            for log in ("durable", "buffered"):
                made |= self._service(self.plain[framework], model, framework.title(), log)
            name = f"{framework.title()} with everything"
            made |= self._service(self.full[framework], model, name, "durable")
        return made | {name: self._loop(name, file, model) for name, file in LOOPS.items()}

    def versions(self) -> dict[str, str]:
        """Those of all packages that are installed for what was made."""
        made = [project.programs for project in self.projects if project.folder.exists()]
        found: dict[str, str] = {}
        for programs in [*made, *self.environments.values()]:
            found = versions(programs / "python") | found
        return found

    def _service(
        self, project: Project, model: str, name: str, log: str
    ) -> dict[str, Callable[[], Racer]]:
        name = f"{name}, {log}"
        return {name: lambda: service(project, self.models / model, name, log)}

    def _peer(self, peer: Peer, model: str) -> Callable[[], Racer]:
        def make() -> Racer:
            programs = self.environment(peer.name, peer.needs, peer.python)
            folder, settings = self.models / model, self._settings(programs, peer)
            if peer.prepare and (peer.name, model) not in self.prepared:
                run(folder, *self._command(programs, peer.prepare), **settings)
                self.prepared.add((peer.name, model))
            command = self._command(programs, peer.command)
            return Server(peer.name, command, folder, peer.protocol, settings)

        return make

    def _loop(self, name: str, file: str, model: str) -> Callable[[], Racer]:
        def make() -> Racer:
            programs = self.environment("loops", "onnxruntime")
            command = [str(programs / "python"), str(SCRIPTS / file)]
            return Loop(name, command, self.models / model)

        return make

    def environment(self, name: str, needs: str, *python: str) -> Path:
        """The folder of its programs; scikit-learn is the one that fitted the models."""
        if name not in self.environments:
            fitted = versions(self.plain["flask"].programs / "python")["scikit-learn"]
            packages = [*needs.split(), "joblib", "numpy", f"scikit-learn=={fitted}"]
            folder = self.root / f"environment-{len(self.environments)}"
            self.environments[name] = new_environment(folder, packages, *python)
        return self.environments[name]

    @staticmethod
    def _command(programs: Path, text: str) -> list[str]:
        words = [str(SCRIPTS / word) if word.endswith(".py") else word for word in text.split()]
        return [str(programs / words[0]), *words[1:]]

    @staticmethod
    def _settings(programs: Path, peer: Peer) -> dict[str, str]:
        path = f"{programs}:/usr/local/bin:/usr/bin:/bin"
        return {"PYTHONPATH": str(SCRIPTS), "PATH": path} | dict(peer.settings)
