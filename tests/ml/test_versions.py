"""Which versions there are, which is current and was: also when promoters are many, or killed."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from modeldesk.ml import Artifact, ArtifactError
from modeldesk.ml.artifact import load, save
from modeldesk.ml.versions import (
    current_version,
    history,
    previous_version,
    promoting,
    resolve,
    set_current,
    set_shadow,
    shadow_version,
    stamp,
    versions,
)
from modeldesk.testing import models

WAIT = 60  # seconds
KNOWN = ["0123456789ab", "0123999999ab", "ffff56789abc"]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return models.publish_small_model(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def root(published: Artifact, tmp_path: Path) -> Path:
    """A folder with one version, which is current."""
    return Path(shutil.copytree(published.path.parent, tmp_path / "artifacts"))


def another(root: Path, model: bytes = b"another") -> str:
    """A version that was saved after all others."""
    newest = load(root)
    trained_at = newest.trained_at + timedelta(seconds=len(versions(root)))
    metrics = newest.metrics | {"trained_at": trained_at.isoformat()}
    return save(root, model, newest.signature, metrics, card="").version


def test_versions_are_folders_newest_trained_first(root: Path, published: Artifact) -> None:
    newer, damaged = another(root), another(root, b"damaged")
    (root / damaged / "metrics.json").write_text("{}")
    (root / "notes").mkdir()
    (root / "abcdefabcdef").touch()
    assert versions(root) == [newer, published.version, damaged]
    assert versions(root / "nowhere") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0123456789ab", KNOWN[0]),
        ("01234", KNOWN[0]),
        ("ffff", KNOWN[2]),
        ("fff", "'fff' may be ffff56789abc; write at least 4 digits"),
        ("0123", "may be 0123999999ab or 0123456789ab; write more"),
        ("abcd", "has no version 'abcd'; `manage versions` lists them"),
        ("", "has no version ''"),
        ("../artifacts", "has no version"),
        ("\0", "has no version"),
        ("f" * 5000, "has no version"),
    ],
)
def test_a_version_is_named_by_some_of_its_digits(tmp_path: Path, text: str, found: str) -> None:
    for version in KNOWN:
        (tmp_path / version).mkdir()
    if found in KNOWN:
        assert resolve(tmp_path, text) == found
        return
    with pytest.raises(ArtifactError, match=found) as caught:
        resolve(tmp_path, text)
    assert len(str(caught.value)) < 500


def test_the_history_has_each_promotion(root: Path, published: Artifact) -> None:
    start, other = datetime.now(UTC), another(root)
    set_current(root, other)
    set_current(root, published.version)
    set_current(root, published.version)
    assert [version for version, _ in history(root)] == [
        published.version,
        other,
        published.version,
    ]
    last = history(root)[0][1]
    assert last
    assert start <= last <= datetime.now(UTC)
    assert current_version(root) == published.version == load(root).version
    assert previous_version(root) == other
    shutil.rmtree(root / other)
    assert previous_version(root) is None


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("0123456789ab\n", ["0123456789ab"]),
        ("0123456789ab", ["0123456789ab"]),
        ("0123456789ab 2026-13-01\nffff56789abc 2026-01-01T00:00:00+00:00\n", KNOWN[::2]),
        ("0123456789ab\nwhat is this\nffff56789abc\n", ["0123456789ab"]),
        ("../outside\n0123456789ab\n", []),
        ("\n0123456789ab\n", []),
        ("", []),
    ],
)
def test_a_file_that_is_old_or_was_written_into(
    root: Path, published: Artifact, text: str, known: list[str]
) -> None:
    (root / "current").write_text(text)
    assert [version for version, _ in history(root)] == known
    assert current_version(root) == (known[0] if known else None)
    set_current(root, published.version)
    assert [version for version, _ in history(root)] == [published.version, *known]


def test_no_version_is_current_yet(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "nowhere"):
        assert history(root) == []
        assert current_version(root) is previous_version(root) is shadow_version(root) is None
        assert stamp(root) == ()


def test_the_stamp_is_another_after_each_promotion(root: Path, published: Artifact) -> None:
    seen = {stamp(root)}
    for version in (another(root), published.version, published.version):
        assert stamp(root) in seen
        set_current(root, version)
        assert stamp(root) not in seen
        seen.add(stamp(root))


def test_a_shadow_is_another_version_than_the_current_one(root: Path, published: Artifact) -> None:
    other = another(root)
    set_shadow(root, other)
    assert shadow_version(root) == other
    with pytest.raises(ArtifactError, match=r"is the current one; choose another"):
        set_shadow(root, published.version)
    damaged = another(root, b"damaged")
    (root / damaged / "signature.json").unlink()
    for version in (damaged, "0123456789ab"):
        with pytest.raises(ArtifactError):
            set_shadow(root, version)
    assert shadow_version(root) == other
    set_shadow(root, None)
    set_shadow(root, None)
    assert shadow_version(root) is None


def test_a_folder_that_cannot_be_written(root: Path, published: Artifact) -> None:
    (root / ".lock").unlink()
    (root / ".lock").mkdir()
    before = (root / "current").read_bytes()
    with pytest.raises(ArtifactError, match="Cannot write to"):
        set_current(root, published.version)
    assert (root / "current").read_bytes() == before


COUNT = """
import sys
from pathlib import Path
from modeldesk.ml.versions import promoting

root = Path(sys.argv[1])
for _ in range(50):
    with promoting(root):
        number = int((root / "number").read_text())
        (root / "number").write_text(str(number + 1))
"""


def test_one_process_at_a_time_promotes(tmp_path: Path) -> None:
    (tmp_path / "number").write_text("0")
    command = [sys.executable, "-c", COUNT, str(tmp_path)]
    counting = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(WAIT) for process in counting] == [0, 0, 0]
    assert (tmp_path / "number").read_text() == "150"


# Kills a process at the first, the second and every other line that a promotion runs.
KILL = """
import json
import os
import signal
import sys
from pathlib import Path
from modeldesk.ml import artifact, versions

root, other = Path(sys.argv[1]), sys.argv[2]
versions.load = lambda root, version: None  # the check, which writes nothing, takes long
begun = (root / "current").read_text()

def promote(killed_at):
    lines = 0

    def count(frame, event, argument):
        nonlocal lines
        if frame.f_code.co_filename.endswith(("versions.py", "file_lock.py")):
            lines += event == "line"
            if lines == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return count
        return None

    sys.settrace(count)
    versions.set_current(root, other)
    os._exit(0)

for killed_at in range(1, 1000):
    child = os.fork()
    if not child:
        promote(killed_at)
    _, status = os.waitpid(child, 0)
    left = (root / "current").read_text()
    with versions.promoting(root):
        (root / "current").write_text(begun)
    print(json.dumps([killed_at, status, left]), flush=True)
    if not status:
        break
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks processes")
def test_a_promoter_that_is_killed_leaves_the_old_or_the_new(root: Path) -> None:
    other, before = another(root), (root / "current").read_text()
    command = [sys.executable, "-c", KILL, str(root), other]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=WAIT, check=True)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [killed_at for killed_at, _, _ in said] == list(range(1, len(said) + 1))
    ends = [status != 0 for _, status, _ in said]
    assert ends == [True] * (len(said) - 1) + [False]
    left = [text for _, _, text in said]
    replaced = [text != before for text in left]
    assert replaced == sorted(replaced)  # at one moment, and not before
    assert 5 < replaced.index(True) < len(replaced) - 1
    for text in left[replaced.index(True) :]:
        first, rest = text.split("\n", 1)
        assert first.split()[0] == other
        assert rest == before
    with promoting(root):
        assert load(root).version == before.split()[0]
    set_current(root, other)
    assert {path.name for path in root.iterdir()} == {*versions(root), "current", ".lock"}
