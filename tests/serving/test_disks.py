"""Which disks SQLite may not be on, and who may read its file."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from modeldesk.serving.database_url import DATABASES
from modeldesk.serving.disks import network_fault

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:41 / /srv/a\\040share rw,relatime shared:2 - nfs4 files:/share rw
31 30 0:42 / /srv/a\\040share/local rw - tmpfs tmpfs rw
32 22 0:43 / /srv/win rw,relatime - cifs //files/win rw
33 22 8:2 / /srv/été rw,relatime - xfs /dev/sda2 rw
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/srv/data/app.db", None),
        ("/srv/a share/app.db", "nfs4"),
        ("/srv/a share/deep/er/app.db", "nfs4"),
        ("/srv/a share/local/app.db", None),
        ("/srv/a shared/app.db", None),
        ("/srv/win/app.db", "cifs"),
        ("/srv/été/app.db", None),
    ],
)
def test_network_disks(tmp_path: Path, place: str, kind: str | None) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS, "utf-8")
    fault = network_fault(Path(place), mounts)
    if kind:
        assert f"{place} is on a network disk ({kind})" in str(fault)
    else:
        assert fault is None


def test_this_disk(tmp_path: Path) -> None:
    assert network_fault(tmp_path / "app.db", tmp_path / "none") is None


def test_others_cannot_read_the_file(tmp_path: Path) -> None:
    usual = os.umask(0)
    try:
        DATABASES["sqlite"].parsed("sqlite:///data/app.db", tmp_path)
    finally:
        os.umask(usual)
    file = tmp_path / "data" / "app.db"
    assert file.stat().st_mode & 0o777 == 0o640
    file.chmod(0o600)
    DATABASES["sqlite"].parsed("sqlite:///data/app.db", tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600  # it stays as its owner wants it


def test_a_new_file_is_in_the_mode_that_many_can_open(tmp_path: Path) -> None:
    DATABASES["sqlite"].parsed("sqlite:///app.db", tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["app.db"]
    opened = [closing(sqlite3.connect(tmp_path / "app.db", timeout=0)) for _ in range(2)]
    with opened[0] as reader, opened[1] as other:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM sqlite_master")
        assert other.execute("PRAGMA journal_mode=WAL").fetchall() == [("wal",)]
