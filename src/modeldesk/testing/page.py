"""An HTML page as tests read it, and what every page of the service must be."""

from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import quote, urljoin, urlsplit

VOID = {"br", "hr", "img", "input", "link", "meta"}
CONTROLS = ("input", "select", "textarea")


def control_name(feature: str) -> str:
    """What the control of a feature is called in the form: quoted as in addresses."""
    return f"feature-{quote(feature, safe='')}"


@dataclass
class Element:
    """A tag with its attributes, and the text of everything in it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute]


class Page(HTMLParser):
    """The elements of a page, in their order; tags that are not closed in turn fail."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[tuple[Element, int]] = []  # and how many texts came before
        self._texts: list[str] = []
        self._options: dict[int, list[Element]] = {}
        self._labels: dict[int, Element] = {}
        self.feed(text.replace("\r\n", "\n"))  # as browsers read it
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        assert len(element.attributes) == len(attrs), f"an attribute twice: {attrs}"
        if tag == "option":
            select = next(e for e, _ in reversed(self._open) if e.tag == "select")
            self._options.setdefault(id(select), []).append(element)
        if labels := [e for e, _ in self._open if e.tag == "label"]:
            self._labels[id(element)] = labels[-1]
        self.elements.append(element)
        if tag == "img":
            self.handle_data(element["alt"])
        if tag not in VOID:
            self._open.append((element, len(self._texts)))

    def handle_endtag(self, tag: str) -> None:
        element, before = self._open.pop()
        assert element.tag == tag, f"</{tag}> closes something else"
        element.text = "".join(self._texts[before:])

    def handle_data(self, data: str) -> None:
        self._texts.append(data)

    def updatepos(self, i: int, j: int) -> int:
        """Count no lines, which nobody asks for and take a tenth of the time."""
        return j

    def all(self, *tags: str, **attributes: str) -> list[Element]:
        """The elements of these tags with these attributes."""
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [
            e for e in self.elements if e.tag in tags and wanted.items() <= e.attributes.items()
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        (element,) = self.all(tag, **attributes)
        return element

    @property
    def text(self) -> str:
        """What is read, with single blanks."""
        return " ".join(self.one("body").text.split())

    def name_of(self, control: Element) -> str:
        """What a control is called, for those who see it and those who do not."""
        if name := control.attributes.get("aria-label"):
            return name
        if control.attributes.get("type") == "submit":
            return control["value"]
        around = self._labels.get(id(control))
        return (around or self.one("label", for_=control["id"])).text

    def options(self, select: Element) -> list[Element]:
        return self._options[id(select)]

    def typed(self) -> dict[str, str]:
        """What a browser would send of the form as it stands."""
        return {control["name"]: self.value(control) for control in self.all(*CONTROLS)}

    @property
    def csrf(self) -> dict[str, str]:
        """The field that protects its forms, as either framework names it."""
        return {k: v for k, v in self.typed().items() if k.startswith("csrf")}

    def value(self, control: Element) -> str:
        if control.tag == "select":
            chosen = [o for o in self.options(control) if "selected" in o.attributes]
            return (chosen or self.options(control))[0]["value"]
        if control.tag == "textarea":
            return control.text.removeprefix("\n")
        return control.attributes.get("value", "")


def errors_of(page: Page) -> dict[str, str]:
    """The error beside each control that has one, by the name of the control."""
    found = {}
    for control in page.all(*CONTROLS):
        for note in control.attributes.get("aria-describedby", "").split():
            if note.endswith("-error"):
                assert control["aria-invalid"] == "true"
                found[control["name"]] = page.one("p", id=note).text.strip()
    return found


def check_page(page: Page, address: str) -> None:
    """Fail unless a page is whole, can be used by everybody, and needs no script nor other host.

    Pages of the admin may have scripts, in files.
    """
    assert page.one("html")["lang"]
    assert page.one("title").text.strip()
    assert page.one("h1").text.strip()
    assert page.one("main")
    assert "width=device-width" in page.one("meta", name="viewport")["content"]
    assert not page.all("style", "iframe", "object", "embed", "base")
    for script in page.all("script"):
        assert urlsplit(address).path.startswith("/admin/"), script
        assert script["src"]
    named = [element["id"] for element in page.elements if "id" in element.attributes]
    ids = set(named)
    assert len(ids) == len(named)
    for element in page.elements:
        inline = {n for n in element.attributes if n == "style" or n.startswith("on")}
        assert not inline, element
        for name in {"href", "src", "action", "srcset", "poster"} & element.attributes.keys():
            target = urlsplit(urljoin(address, element[name]))
            assert target[:2] == urlsplit(address)[:2], element
            if target.fragment:
                assert target.fragment in ids, element
        for name in ("aria-describedby", "aria-labelledby", "for"):
            assert set(element.attributes.get(name, "").split()) <= ids, element
    for control in page.all(*CONTROLS):
        if control.attributes.get("type") != "hidden":
            assert page.name_of(control).strip(), control
