"""How a project gets the library: from wherever its template came from, at the same commit."""

import functools
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from .helpers import commit, copy, environment, need, release, run
from .variants import jinja

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def macro(name: str, source: str, commit: str | None = COMMIT) -> str:
    """What a macro of library.jinja makes of the path or URL of a template."""
    context: dict[str, Any] = {
        "_copier_answers": {"_src_path": source},
        "_copier_conf": {"vcs_ref_hash": commit},
    }
    module: Any = jinja().get_template("template_common/library.jinja").make_module(context)
    return str(getattr(module, name)()).strip()


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("gh:owner/name", "git+https://github.com/owner/name.git"),
        ("gh:owner/name.git", "git+https://github.com/owner/name.git"),
        ("gl:group/sub/name", "git+https://gitlab.com/group/sub/name.git"),
        ("https://git.example.com/name.git", "git+https://git.example.com/name.git"),
        ("git+https://git.example.com/name", "git+https://git.example.com/name"),
        ("git@git.example.com:owner/name.git", "git+ssh://git@git.example.com/owner/name.git"),
        ("ssh://git@git.example.com:22/name.git", "git+ssh://git@git.example.com:22/name.git"),
        ("file:///srv/name.git", "git+file:///srv/name.git"),
        ("/srv/name", "git+file:///srv/name"),
        ("/srv/my templates/größe@1", "git+file:///srv/my%20templates/gr%C3%B6%C3%9Fe%401"),
        ("C:/templates/name", "git+file:///C:/templates/name"),
        ("C:\\templates\\my name", "git+file:///C:/templates/my%20name"),
    ],
)
def test_a_source_becomes_a_requirement(source: str, url: str) -> None:
    assert macro("requirement", source) == f"modeldesk @ {url}@{COMMIT}"


def test_a_folder_that_is_no_repository() -> None:
    assert macro("requirement", "/srv/name", None) == "modeldesk @ file:///srv/name"


def test_a_home_folder_is_written_out() -> None:
    home = Path.home().as_posix()
    assert macro("requirement", "~/name") == f"modeldesk @ git+file://{home}/name@{COMMIT}"
    assert macro("folder", "~/name") == f"{home}/name"


@pytest.mark.parametrize(
    ("source", "folder"),
    [
        ("gh:owner/name", ""),
        ("git@git.example.com:owner/name.git", ""),
        ("https://git.example.com/name.git", ""),
        ("/srv/my name", "/srv/my name"),
        ("file:///srv/name.git", "/srv/name.git"),
        ("C:\\templates\\name", "C:/templates/name"),
        ("file:///C:/templates/name", "C:/templates/name"),
    ],
)
def test_an_image_build_is_handed_a_folder_of_this_machine(source: str, folder: str) -> None:
    assert macro("folder", source) == folder


def copy_by_command(folder: Path, template: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Copy as a person does, into the folder `service`."""
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", *options]
    return subprocess.run(
        [*command, template, "service"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_a_relative_path_is_refused(template: Path, tmp_path: Path) -> None:
    shutil.copytree(template, tmp_path / "template")
    done = copy_by_command(tmp_path, "template")
    assert done.returncode == 1
    assert "template, is relative: later updates would not find it" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "service").exists()


def test_changes_that_are_not_committed_are_refused(template: Path, tmp_path: Path) -> None:
    edited = shutil.copytree(template, tmp_path / "edited")
    (edited / "README.md").write_text("edited", "utf-8")
    done = copy_by_command(tmp_path, str(edited))
    assert done.returncode == 1
    assert "has changes that are not committed" in done.stderr
    assert "--data library=" in done.stderr
    assert "Traceback" not in done.stderr
    mine = "modeldesk @ file:///srv/wheels/of/mine"
    assert copy_by_command(tmp_path, str(edited), "--data", f"library={mine}").returncode == 0
    assert requirement(tmp_path / "service") == mine


def requirement(project: Path) -> str:
    """The line of a project that names the library, without its extras."""
    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (found,) = (line for line in about["dependencies"] if re.match(r"modeldesk\b.* @ ", line))
    return re.sub(r"\[.*?\]", "", found)


@pytest.fixture(scope="module")
def server(plain_git: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a git server that has the template: a bare repository over HTTP."""
    folder = tmp_path_factory.mktemp("server")
    release(clone := folder / "clone")
    run(folder, "git", "clone", "--quiet", "--bare", str(clone), "template.git")
    run(folder / "template.git", "git", "update-server-info")
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}/template.git"
        http.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


def installs(folder: Path, requirement: str) -> None:
    """Install the library by uv and by pip, each in an environment of its own."""
    uv = need("uv")
    for tool in ("uv", "pip"):
        python = folder / tool / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        run(folder, uv, "venv", "--quiet", "--seed", str(folder / tool))
        install = [uv, "pip", "install", "--python", str(python)]
        if tool == "pip":
            run(folder, str(python), "-m", "pip", "install", "--quiet", "pip>=24.1")
            install = [str(python), "-m", "pip", "install"]
        run(folder, *install, "--quiet", "--no-deps", requirement)
        run(folder, str(python), "-c", "import modeldesk")


def test_the_library_comes_from_a_clone(template: Path, tmp_path: Path) -> None:
    place = shutil.copytree(template, tmp_path / "größe & co@1" / "template")
    made = copy(place, tmp_path / "service", {})
    head = run(place, "git", "rev-parse", "HEAD").strip()
    assert requirement(made).startswith("modeldesk @ git+file:///")
    assert requirement(made).endswith(f"/template@{head}")
    installs(tmp_path, requirement(made))


def test_the_library_comes_from_a_server(server: str, tmp_path: Path) -> None:
    done = copy_by_command(tmp_path, server)
    assert done.returncode == 0, done.stderr
    made = tmp_path / "service"
    assert requirement(made).startswith(f"modeldesk @ git+{server}@")
    installs(tmp_path, requirement(made))


def test_the_library_comes_from_a_bare_repository(template: Path, tmp_path: Path) -> None:
    run(tmp_path, "git", "clone", "--quiet", "--bare", str(template), "bare.git")
    done = copy_by_command(tmp_path, (tmp_path / "bare.git").as_uri())
    assert done.returncode == 0, done.stderr
    assert requirement(tmp_path / "service").startswith("modeldesk @ git+file:///")
    installs(tmp_path, requirement(tmp_path / "service"))


def test_the_library_comes_from_an_unpacked_archive(template: Path, tmp_path: Path) -> None:
    place = shutil.copytree(template, tmp_path / "archive", ignore=shutil.ignore_patterns(".git"))
    done = copy_by_command(tmp_path, str(place))
    assert done.returncode == 0, done.stderr
    assert requirement(tmp_path / "service") == f"modeldesk @ {place.as_uri()}"
    installs(tmp_path, requirement(tmp_path / "service"))


def test_an_update_moves_the_library_along(template: Path, tmp_path: Path) -> None:
    """One line changes, to the commit of the new release."""
    place = shutil.copytree(template, tmp_path / "template")
    made = copy(place, tmp_path / "service", {})
    run(made, "git", "init", "--quiet")
    commit(made, "copied")
    (place / "README.md").write_text("a new release\n", "utf-8")
    commit(place, "new")
    run(made, sys.executable, "-m", "copier", "update", "--defaults", "--quiet")
    changed = run(made, "git", "diff", "--unified=0", "pyproject.toml").splitlines()
    assert sum(line.startswith("+ ") for line in changed) == 1
    assert requirement(made).endswith(run(place, "git", "rev-parse", "HEAD").strip())


def steps(dockerfile: str) -> list[str]:
    """The commands by which a Dockerfile's build stage installs the service."""
    (stage,) = re.findall(r"(?ms)AS build$(.*?)^FROM", dockerfile)
    found = re.findall(r"(?m)^RUN (?:--mount=\S+ )*((?:.*\\\n)*.*)$", stage)
    return [step.replace("\\\n", "") for step in found if "/venv" in step]


def build(context: Path, folder: Path, home: Path) -> None:
    """Do what an image build does, where nothing but its context can be seen."""
    seen = folder / "build"
    seen.mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "uv.lock"):
        if (context / name).exists():
            shutil.copy(context / name, seen)
    shutil.copytree(context / "src", seen / "src")
    for step in steps((context / "Dockerfile").read_text(encoding="utf-8")):
        if "pip install" in step:  # with a pip as new as that of the image
            run(folder, str(folder / "venv/bin/pip"), "install", "--quiet", "pip>=24.1")
        here = step.replace("/venv", str(folder / "venv")).replace(
            "python -m", f"{sys.executable} -m"
        )
        here = here.replace("pip install", "pip install --quiet")
        run(seen, "sh", "-ec", here, HOME=str(home), GIT_CONFIG_GLOBAL=str(home / ".gitconfig"))


@pytest.mark.skipif(sys.platform == "win32", reason="it is a Linux image")
def test_an_image_is_built_where_only_a_server_has_the_template(
    server: str, tmp_path: Path
) -> None:
    assert copy_by_command(tmp_path, server).returncode == 0
    (tmp_path / "home").mkdir()
    build(tmp_path / "service", tmp_path / "image", tmp_path / "home")
    run(tmp_path, str(tmp_path / "image" / "venv" / "bin" / "manage"), "--help")


@pytest.mark.skipif(sys.platform == "win32", reason="it is a Linux image")
def test_an_image_is_handed_the_clone_of_the_template(template: Path, tmp_path: Path) -> None:
    """At the place that the requirement names, and as compose.yaml says, with what is locked."""
    made = copy(template, tmp_path / "service", {})
    run(made, need("uv"), "lock", "--quiet")
    dockerfile = (made / "Dockerfile").read_text(encoding="utf-8")
    assert f"--mount=from=template,target={template.as_posix()} " in dockerfile
    compose = (made / "compose.yaml").read_text(encoding="utf-8")
    assert f"template: {template.as_posix()}" in compose
    (tmp_path / "home").mkdir()
    build(made, tmp_path / "image", tmp_path / "home")
    run(tmp_path, str(tmp_path / "image" / "venv" / "bin" / "manage"), "--help")
