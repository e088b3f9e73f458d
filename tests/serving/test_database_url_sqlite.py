"""DATABASE_URL: what is taken, and what is refused with a reason; and a file that is none."""

from pathlib import Path

import pytest
from modeldesk.serving.database_url import SCHEME, location, parsed

from .running import free_port, manage


def test_a_relative_path_begins_at_the_root(tmp_path: Path) -> None:
    url = parsed(f"{SCHEME}data/app.db", tmp_path)
    assert url == f"{SCHEME}{(tmp_path / 'data' / 'app.db').as_posix()}"
    assert (tmp_path / "data").is_dir()
    assert location(url) == (tmp_path / "data" / "app.db").as_posix()
    assert parsed(url, tmp_path / "elsewhere") == url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "must begin with sqlite:///"),
        ("data/app.db", "must begin with sqlite:///"),
        ("sqlite://data/app.db", "must begin with sqlite:///"),
        ("postgresql://db.example.com/app", "must begin with sqlite:///"),
        ("sqlite:///file/app.db", "file: "),
    ],
)
def test_refused(tmp_path: Path, url: str, words: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=f"DATABASE_URL.*{words}"):
        parsed(url, tmp_path)


def test_a_file_that_is_no_database(folder: Path) -> None:
    (folder / "test.db").write_text("text " * 1000)
    settings = {"DATABASE_URL": f"{SCHEME}{(folder / 'test.db').as_posix()}"}
    done = manage(folder, "doctor", "--port", str(free_port()), **settings)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "The database cannot be reached" in done.stdout
