"""People in a real Chromium, who go by what they see: labels, names of buttons and links."""

import contextlib
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

from .helpers import need, said_by
from .people import PASSWORD

OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
LIMIT = 20_000  # milliseconds
# What a page is made of, however often: each kind of element with its classes and attributes.
KINDS = """() => [...new Set([...document.querySelectorAll("*")].map(
    (element) => [element.tagName, element.classList, ...element.getAttributeNames()].join(" ")
))].sort().join("\\n")"""
AXE = {
    "preload": False,  # which looks for imported styles where they are not
    "rules": {"label-title-only": {"enabled": False}},  # a label may be the text of a picture
}


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    # The shell has all but what a screen asks for, and takes a third of the time.
    path = shutil.which("chromium-headless-shell") or need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()


@dataclass
class Site:
    """A served project, and the mails that it prints."""

    project: Path
    port: int
    looked_at: set[tuple[str, str]] = field(default_factory=set)  # titles and kinds, by anybody

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def link_for(self, email: str) -> str:
        """The address in the newest mail to somebody."""
        mail = re.compile(rf"To: {re.escape(email)}\b.*?^({self.address}/\S+)$", re.S | re.M)
        deadline = time.monotonic() + LIMIT / 1000
        while True:
            said = said_by(self.project, self.port).read_text(encoding="utf-8", errors="replace")
            if found := mail.findall(said):
                link: str = found[-1]
                return link
            assert time.monotonic() < deadline, f"no mail to {email} in:\n{said[-3000:]}"
            time.sleep(0.1)


@dataclass
class Visitor:
    """A person with a browser. What the console says against a page is kept in `faults`."""

    site: Site
    page: Page
    faults: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)  # addresses of pages that answered an error
    looked_at: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(LIMIT)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "response",
            lambda response: (
                self.refused.add(response.url)
                if response.request.is_navigation_request() and response.status >= 400
                else None
            ),
        )

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.location['url']}: {message.text}")

    def go(self, path: str, title: str = "") -> None:
        self.page.goto(path if "://" in path else self.site.address + path)
        self.sees(title)

    def follow(self, name: str, title: str = "") -> None:
        self.page.get_by_role("link", name=name).first.click()
        self.sees(title)

    def press(self, name: str, title: str = "") -> None:
        self.page.get_by_role("button", name=name, exact=True).click()
        self.sees(title)

    def sees(self, title: str = "") -> None:
        """The page has this title, nothing was wrong with it, and everybody can read it."""
        if title:
            expect(self.page).to_have_title(re.compile(re.escape(title)), timeout=LIMIT)
        self.page.wait_for_load_state()
        shown = self.page.title()
        if shown not in self.looked_at:
            self.looked_at.add(shown)
            if (page := (shown, self.page.evaluate(KINDS))) not in self.site.looked_at:
                barred = Axe().run(self.page, options=AXE)
                assert not barred.response["violations"], (shown, barred.generate_report())
                self.site.looked_at.add(page)
        said = [fault for fault in self.faults if not self._expected(fault)]
        assert not said, (shown, said)

    def _expected(self, fault: str) -> bool:
        """Chromium tells of a page's own status, which is looked at elsewhere."""
        return any(
            fault.startswith(f"{address}: Failed to load resource") for address in self.refused
        )

    def fill(self, **fields: str) -> None:
        """By label, with blanks for underscores."""
        for label, text in fields.items():
            self.page.get_by_label(label.replace("_", " ")).fill(text)

    @property
    def main(self) -> Locator:
        """The part of the page that is not the same on all."""
        return self.page.get_by_role("main")

    def says(self, text: str) -> None:
        expect(self.main).to_contain_text(text, timeout=LIMIT)

    def sign_up(self, email: str) -> None:
        """Make an account and confirm its address."""
        self.go("/accounts/login", "Log in")
        self.follow("Create an account", "Create an account")
        self.fill(Email_address=email, Password=PASSWORD)
        self.press("Sign up", "Log in")
        self.says("mail is on its way")
        self.go(self.site.link_for(email), "Confirm your address")
        self.press("Confirm it", "Log in")

    def log_in(self, email: str, password: str = PASSWORD) -> None:
        self.go("/accounts/login", "Log in")
        self.fill(Email_address=email, Password=password)
        self.press("Log in")

    def make_token(self, name: str) -> str:
        self.go("/accounts/tokens", "API tokens")
        self.fill(What_it_is_for=name)
        self.press("Make a token", "API tokens")
        self.says("Copy your new token now")
        return self.page.locator("#token").inner_text()
