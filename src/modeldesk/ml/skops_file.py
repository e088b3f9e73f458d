"""Files of skops: always the same bytes for the same model, and read only if all in them is known.

skops names the parts of a file by their place in memory and by chance, keeps sets in the order of
their hashes, and dates what it packs. None of this is kept here.
"""

import io
import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from .fitted.trusted import Untrusted, check_kept, is_maker, named
from .fitted.walk import inside

SCHEMA = "schema.json"
SETS = {"frozenset", "set"}
NAMED = {"FunctionNode", "TypeNode"}  # keep a function or class; all others call it
NOT_CALLED = {"ObjectNode", "SparseMatrixNode"}  # their class: made empty, or read from its file
WITHOUT_IDENTITY = {*NAMED, "JsonNode", "TupleNode"}  # nobody can tell two of them apart
PLACE = "_stop_words_id"  # of text vectorizers
PYTHONS = {"bool", "dict", "float", "int", "list", "map", "set", "str", "tuple"}  # skops trusts


def dumps(model: Any) -> bytes:
    """A model as a file of skops, the same for the same model. Raises what skops does."""
    import skops.io

    with ZipFile(io.BytesIO(skops.io.dumps(model))) as archive:
        schema = json.loads(archive.read(SCHEMA))
        files = {name: archive.read(name) for name in archive.namelist() if name != SCHEMA}
    schema = _sorted(schema, files)
    for node in _nodes(schema):
        _rename_ufunc(node)
    _renumber(schema)
    packed = _renamed(schema, files) | {SCHEMA: json.dumps(schema, separators=(",", ":")).encode()}
    content = io.BytesIO()
    with ZipFile(content, "w", ZIP_STORED) as archive:
        for name, data in packed.items():
            archive.writestr(ZipInfo(name), data)  # dated 1980
    return content.getvalue()


def loads(content: bytes) -> Any:
    """The model in a file of skops. Raises Untrusted, or whatever is wrong with the file."""
    import skops.io

    with ZipFile(io.BytesIO(content)) as archive:
        schema = json.loads(archive.read(SCHEMA))
    for node in _nodes(schema):
        _check(node)
    unknown = skops.io.get_untrusted_types(data=content)
    for name in unknown:
        named(*_parted(name))
    model = skops.io.loads(content, trusted=unknown)
    for part in inside(model):
        check_kept(part, getattr(part, "__dict__", {}))
    return model


def _parted(name: str) -> tuple[str, str]:
    module, _, attribute = name.rpartition(".")
    return module, attribute


def _check(node: dict[str, Any]) -> None:
    """Whether what a node calls is made to be called."""
    module, name, loader = node["__module__"], node["__class__"], node["__loader__"]
    plain = module == "builtins" and name in PYTHONS
    if loader in NAMED or plain or node.get("is_json"):
        return
    found = named(module, name)
    if loader not in NOT_CALLED and not is_maker(found):
        raise Untrusted(module, name)


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """All descriptions of parts, each before those in it."""
    if isinstance(value, dict) and "__loader__" in value:
        yield value
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list):
            yield from _nodes(part)


def _sorted(value: Any, files: dict[str, bytes]) -> Any:
    """The same, with the members of each set in the order of what they are."""
    if isinstance(value, list):
        return [_sorted(part, files) for part in value]
    if not isinstance(value, dict):
        return value
    value = {key: _sorted(part, files) for key, part in value.items()}
    if value.get("__class__") in SETS and isinstance(value.get("content"), list | dict):
        members = value["content"]
        if isinstance(members, dict):  # a frozenset, as what it is called with: a list in a tuple
            (members,) = members["content"]
            members = members["content"]
        members.sort(key=lambda member: json.dumps(_plain(member, files), sort_keys=True))
    return value


def _plain(value: Any, files: dict[str, bytes]) -> Any:
    """What a part is, without its place in memory and in the file."""
    if isinstance(value, list):
        return [_plain(part, files) for part in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _plain(part, files) for key, part in value.items() if key != "__id__"}
    return kept | {"file": files[value["file"]].hex()} if "file" in value else kept


def _rename_ufunc(node: dict[str, Any]) -> None:
    """Name a function of arrays by its library: skops takes whatever module first imported it."""
    import numpy
    import scipy.special

    name = node["__class__"]
    for home in (numpy, scipy.special):
        kept = getattr(sys.modules.get(node["__module__"]), name, None)
        if isinstance(kept, numpy.ufunc) and getattr(home, name, None) is kept:
            node["__module__"] = home.__name__


def _renumber(schema: Any) -> None:
    """Number the objects that occur several times, in their order, and no others."""
    nodes = [node for node in _nodes(schema) if "__id__" in node]
    times = Counter(node["__id__"] for node in nodes)
    numbers: dict[int, int] = {}
    for node in nodes:
        if PLACE in node.get("content", ()):  # in memory, to tell whether a warning was given
            node["content"][PLACE]["content"] = "0"
        found = node.pop("__id__")
        if times[found] > 1 and node["__loader__"] not in WITHOUT_IDENTITY:
            node["__id__"] = numbers.setdefault(found, len(numbers) + 1)


def _renamed(schema: Any, files: dict[str, bytes]) -> dict[str, bytes]:
    """The files that the parts name, called by their place among them."""
    names: dict[str, str] = {}
    for node in _nodes(schema):
        if "file" in node and node["file"] in files:
            name = node["file"]
            ending = name.rpartition(".")[2]
            node["file"] = names.setdefault(name, f"{len(names)}.{ending}")
    return {new: files[old] for old, new in names.items()}
