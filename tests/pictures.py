"""Takes the pictures of accounts, admin and a model's life: `python -m tests.pictures DIR`.

Of both frameworks, after some days of use: flowers that three people asked about, half of them with
an outcome. And of one while docs/model-life.md is typed.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize

from .browsing import Site, Visitor, chromium
from .helpers import Environments, ask, blocks, need, release, run, served
from .people import EMAIL, make_admin
from .rendering import render, write
from .test_life import PAGE, Person
from .variants import Answers

SIZE: ViewportSize = {"width": 1280, "height": 800}
TALL: ViewportSize = {"width": 1280, "height": 1000}
WHOLE: ViewportSize = {"width": 1280, "height": 1500}
PEOPLE = ("grace@example.com", "alan@example.com")
PAUSE = 0.1  # seconds between two predictions
FLOWERS = """
import json
from sklearn.datasets import load_iris
iris = load_iris(as_frame=True)
rows = iris.frame.sample(200, replace=True, random_state=1)
names = [str(name) for name in iris.target_names]
print(json.dumps([[row[:4], names[int(row[4])]] for row in rows.to_numpy().tolist()]))
"""


def take(framework: str, browser: Browser, scratch: Path, folder: Path) -> None:
    """Serve a project, use it, and look at it."""
    answers: Answers = {"framework": framework, "model": "classification"}
    answers |= {"project_name": "Iris", "auth": True, "admin": True}
    project = write(render(answers), scratch / framework)
    settings = Environments(scratch / "environments").of(framework)
    uv = need("uv")
    flowers = json.loads(run(project, uv, "run", "--quiet", "python", "-c", FLOWERS, **settings))
    with served(project, **settings) as (port, _):
        make_admin(project, **settings)
        site = Site(project, port)

        def visitor() -> Visitor:
            return Visitor(site, browser.new_context(viewport=SIZE, locale="en-GB").new_page())

        def picture(of: Visitor, name: str) -> None:
            of.page.screenshot(path=folder / f"{framework}-{name}.png")

        people = [visitor() for _ in PEOPLE]
        for person, email in zip(people, PEOPLE, strict=True):
            person.sign_up(email)
            person.log_in(email)
        admin = visitor()
        admin.go("/accounts/login", "Log in")
        picture(admin, "login")
        admin.log_in(EMAIL)
        tokens = [person.make_token("script") for person in (*people, admin)]
        admin.go("/admin/monitor", "Monitor")
        features = [f["name"] for f in ask(port, "/api/v1/model", token=tokens[0])["features"]]
        for turn, (row, name) in enumerate(flowers):
            token = tokens[turn % len(tokens)]
            instance = dict(zip(features, row, strict=True))
            answer = ask(port, "/api/v1/predict", {"instances": [instance]}, token)
            if turn % 4 in (0, 1):
                path = f"/api/v1/predictions/{answer['predictions'][0]['id']}/feedback"
                ask(port, path, {"actual": name}, token)
            time.sleep(PAUSE)
        time.sleep(3)  # until the next figures
        admin.page.set_viewport_size(TALL)
        picture(admin, "monitor")
        admin.page.set_viewport_size(SIZE)
        admin.go("/admin/", "Admin")
        admin.follow("Predictions", "Predictions")
        picture(admin, "admin")
        people[0].go("/predictions/", "History")
        picture(people[0], "history")


def take_life(browser: Browser, scratch: Path, folder: Path) -> None:
    """Type the page, and look at the model once outcomes are in, and at both versions."""
    settings, page = Environments(scratch / "environments").of("flask"), blocks(PAGE)
    told = next(turn for turn, (_, block) in enumerate(page) if "sh tell.sh" in block)
    compared = next(turn for turn, (_, block) in enumerate(page) if "manage shadow\n" in block)
    run(scratch, "git", "clone", "--quiet", str(release(scratch / "template")), "copier-mlserve")
    with Person(scratch, settings, "flask", "sqlite") as person:
        person.types(page[: told + 1])
        make_admin(person.here, **settings)
        site = Site(person.here, person.port)
        window = browser.new_context(viewport=WHOLE, locale="en-GB").new_page()
        admin = Visitor(site, window)
        admin.go("/model", "Model")
        window.screenshot(path=folder / "model.png")
        person.types(page[told + 1 : compared + 1])
        admin.go("/accounts/login", "Log in")
        admin.log_in(EMAIL)
        old, new = person.current, person.settings["NEW"]
        admin.go(f"/admin/models?old={old}&new={new}", "Versions")
        window.screenshot(path=folder / "versions.png")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        for framework in ("flask", "django"):
            take(framework, browser, Path(scratch), folder)
        take_life(browser, Path(scratch), folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
