"""One version takes the place of another: what is checked before, and what stays if it fails."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from modeldesk.ml import Artifact, ArtifactError, publish
from modeldesk.ml.artifact import save
from modeldesk.ml.promotion import (
    Incompatible,
    Promotion,
    promote,
    publishing,
    roll_back,
)
from modeldesk.ml.versions import (
    current_version,
    history,
    set_shadow,
    shadow_version,
    stamp,
    versions,
)
from modeldesk.testing import models
from sklearn.linear_model import LinearRegression

X, _ = models.houses()
Y = (X["area"] * 3 + X["rooms"] * 10).rename("price")
OPTIONS: dict[str, dict[str, Any]] = {  # of what is published
    "wider": {"columns": ["area", "rooms"], "rows": 200},
    "other columns": {"columns": ["area", "garden"], "rows": 150},
}


def release(root: Path, what: str, **options: Any) -> Artifact:
    """Publish a model of prices that `models.publish_small_regression` is the first of."""
    given = OPTIONS[what]
    rows, frame = given["rows"], X[given["columns"]]
    model = LinearRegression().fit(frame[:rows], Y[:rows])
    return publish(model, frame[:rows], Y[:rows], name="prices", root=root, **options)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return models.publish_small_regression(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def root(first: Artifact, tmp_path: Path) -> Path:
    """A folder whose one version is current."""
    return Path(shutil.copytree(first.path.parent, tmp_path / "artifacts"))


def test_a_version_that_callers_go_on_with_is_promoted(root: Path, first: Artifact) -> None:
    second = release(root, "wider", promote=False)
    assert current_version(root) == first.version != second.version
    done = promote(root, second.version)
    assert (done.version, done.before) == (second.version, first.version)
    assert done.differences
    assert not any(difference.breaks for difference in done.differences)
    assert current_version(root) == second.version
    back = roll_back(root)
    assert (back.version, back.before) == (first.version, second.version)
    assert current_version(root) == first.version
    assert len(history(root)) == 3


def test_the_current_one_is_loaded_anew(root: Path, first: Artifact) -> None:
    before = stamp(root)
    assert promote(root, first.version) == Promotion(first.version, first.version, [])
    assert stamp(root) != before
    assert len(history(root)) == 1


def test_what_breaks_callers_is_saved_and_needs_force(root: Path, first: Artifact) -> None:
    with pytest.raises(Incompatible) as caught:
        release(root, "other columns")
    saved = caught.value.version
    assert set(versions(root)) == {saved, first.version}
    assert str(caught.value) == (
        f"Version {saved} would break callers: 'rooms' is no longer taken, and rows that have it "
        "are refused; 'garden' is needed, and rows without it are refused. "
        f"It is saved, and not promoted without `manage promote {saved} --force`."
    )
    before = stamp(root)
    with pytest.raises(Incompatible):
        promote(root, saved)
    assert stamp(root) == before
    done = promote(root, saved, force=True)
    assert [difference.breaks for difference in done.differences[:3]] == [True, True, False]
    assert current_version(root) == saved
    assert roll_back(root).version == first.version  # which needs no force


def test_force_and_no_promotion_when_publishing(root: Path, first: Artifact) -> None:
    with publishing(promote=False, force=True):
        saved = release(root, "other columns")
    assert current_version(root) == first.version
    with publishing(promote=True, force=True):
        release(root, "other columns")
    assert current_version(root) == saved.version
    promote(root, first.version, force=True)
    with publishing(promote=False, force=False):
        release(root, "other columns", force=True)
    assert current_version(root) == first.version
    release(root, "other columns", force=True)
    assert current_version(root) == saved.version


def test_many_differences_are_cut_short(root: Path) -> None:
    frame = X[["area"]].assign(**{f"column_{n}": X["age"].fillna(n) for n in range(9)})
    with pytest.raises(Incompatible, match=r"; and 5 more \(`manage compare [0-9a-f]{12}`\)\. It"):
        publish(LinearRegression().fit(frame, Y), frame, Y, name="prices", root=root)


def test_the_current_one_saved_anew_may_not_break_callers_either(
    root: Path, first: Artifact
) -> None:
    def again(**options: Any) -> Artifact:
        """The same model, and so the same version, with the ranges of its training as limits."""
        frame, y = X[["area", "rooms"]][:150], Y[:150]
        model = LinearRegression().fit(frame, y)
        limits = {"area": {"outside": "refuse"}}
        return publish(model, frame, y, name="prices", features=limits, root=root, **options)

    before = (first.path.parent / first.version / "signature.json").read_bytes()
    with pytest.raises(Incompatible, match=r"'area' is refused.* the current one, and stays"):
        again()
    assert (root / first.version / "signature.json").read_bytes() == before
    assert again(force=True).version == first.version
    assert (root / first.version / "signature.json").read_bytes() != before
    assert again().version == first.version


def damage(path: Path) -> None:
    (path / "model.onnx").write_bytes(b"damaged")


def test_what_cannot_be_served_is_not_promoted(root: Path, first: Artifact) -> None:
    foreign = save(root, b"not a model", first.signature, first.metrics, card="")
    damaged = release(root, "wider", promote=False)
    damage(damaged.path)
    before = stamp(root)
    for version, words in (
        (foreign.version, "does not answer its own example"),
        (damaged.version, "not as trained; restore them or train anew"),
        ("0123456789ab", "has no model '0123456789ab'"),
        ("../outside", "has no model"),
    ):
        for force in (False, True):
            with pytest.raises(ArtifactError, match=words):
                promote(root, version, force=force)
    assert stamp(root) == before


def test_nothing_to_go_back_to(root: Path, first: Artifact, tmp_path: Path) -> None:
    before = stamp(root)
    for empty in (root, tmp_path / "nowhere"):
        with pytest.raises(ArtifactError, match="no version that was current before"):
            roll_back(empty)
    assert stamp(root) == before
    second = release(root, "wider")
    damage(root / first.version)
    with pytest.raises(ArtifactError, match="not as trained"):
        roll_back(root)
    assert current_version(root) == second.version
    shutil.rmtree(root / first.version)
    with pytest.raises(ArtifactError, match="no version that was current before"):
        roll_back(root)


def test_a_damaged_current_one_is_no_obstacle(root: Path, first: Artifact) -> None:
    other = release(root, "other columns", promote=False)
    damage(root / first.version)
    with pytest.raises(Incompatible):  # what its callers send is known
        promote(root, other.version)
    (root / first.version / "signature.json").write_text("{}")
    assert promote(root, other.version).before == first.version
    for text in ("", "what is this", "0123456789ab"):
        (root / "current").write_text(text)
        promote(root, other.version)
        assert current_version(root) == other.version


def test_a_shadow_that_is_promoted_is_none_any_more(root: Path, first: Artifact) -> None:
    second = release(root, "wider", promote=False)
    set_shadow(root, second.version)
    promote(root, second.version)
    assert shadow_version(root) is None
    set_shadow(root, first.version)
    roll_back(root)
    assert shadow_version(root) is None
