"""What a file of a model may name, whichever way it is written, and what it may have called."""

import contextlib
import copy
import functools
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.special
import scipy.stats
from modeldesk.ml import skops_file
from modeldesk.ml.fitted.trusted import Untrusted, named
from modeldesk.ml.importing.unpickler import SafeUnpickler
from sklearn.compose import make_column_selector
from sklearn.feature_selection import SelectKBest, f_classif, mutual_info_classif
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, get_scorer
from sklearn.model_selection import RandomizedSearchCV
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.parallel import Parallel


class Calls:
    """What a pickle can hold: a call, and what becomes of it."""

    def __init__(self, called: Any, *arguments: Any, state: Any = None) -> None:
        self.reduced = (called, arguments) if state is None else (called, arguments, state)

    def __reduce__(self) -> Any:
        return self.reduced


def read(thing: Any) -> Any:
    return SafeUnpickler(io.BytesIO(pickle.dumps(thing))).load()


@pytest.mark.parametrize(
    "name",
    [
        *("numpy.log1p", "numpy.nan_to_num", "numpy.number", "numpy.float32", "numpy.ndarray"),
        *("numpy.linalg.norm", "numpy.dtypes.Float64DType", "scipy.special.expit"),
        *("scipy.spatial.distance.cosine", "scipy.sparse.csr_matrix", "scipy.stats.zscore"),
        *("scipy.interpolate.BSpline", "sklearn.feature_selection.f_classif"),
        *("sklearn.compose.make_column_selector", "sklearn.metrics.pairwise.rbf_kernel"),
        *("sklearn.utils._bunch.Bunch", "sklearn.metrics._scorer._Scorer"),
        *("sklearn._loss._loss.CyHalfBinomialLoss", "sklearn.tree._tree.Tree"),
        *("numpy.random.mtrand.RandomState", "sklearn.utils.validation.check_array"),
    ],
)
def test_what_libraries_define_to_compute_with(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    assert named(module, attribute).__name__ == attribute


@pytest.mark.parametrize(
    "name",
    [
        *("builtins.eval", "builtins.getattr", "builtins.__import__", "os.system", "sys.exit"),
        *("importlib.import_module", "operator.attrgetter", "operator.methodcaller"),
        *("numpy.load", "numpy.save", "numpy.savez", "numpy.savetxt", "numpy.loadtxt"),
        *("numpy.genfromtxt", "numpy.fromregex", "numpy.fromfile", "numpy.memmap"),
        *("numpy.seterrcall", "numpy.ma.core._frommethod", "numpy.f2py.__main__.main"),
        *("numpy.lib.npyio.NpzFile", "numpy.lib.format.open_memmap", "numpy.testing.rundocs"),
        *("scipy.io.loadmat", "scipy.io.netcdf_file", "scipy.sparse.save_npz"),
        *("scipy.sparse.load_npz", "scipy.stats.rv_continuous", "scipy.stats.rv_histogram"),
        *("scipy._lib.decorator.FunctionMaker", "scipy.datasets.face", "scipy.odr.ODR"),
        *("sklearn.datasets.fetch_openml", "sklearn.datasets.load_svmlight_file"),
        *("sklearn.tree.export_graphviz", "sklearn.tree.export_text", "sklearn.set_config"),
        *("sklearn.externals.joblib.load", "sklearn.utils.estimator_checks.check_estimator"),
        *("sklearn.utils._testing.TempMemmap", "sklearn.base.clone", "sklearn.base.np"),
        *("joblib.load", "joblib.memory.Memory", "pandas.read_pickle", "pandas.eval"),
        *("xgboost.tracker.RabitTracker", "imblearn.datasets.fetch_datasets", "pickle.loads"),
        *("sklearn.linear_model.<lambda>", "sklearn.base.inspect", "skops.io.loads"),
    ],
)
def test_what_acts_is_not_named(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    with pytest.raises(Untrusted, match=module.replace("<", "")):
        named(module, attribute)


SCORER = get_scorer("accuracy")
TO_FILE = functools.partial(SCORER, FrozenEstimator(np.zeros(3)), "a/file")
HIDING = LogisticRegression()
vars(HIDING)["predict"] = np.log1p  # in place of the method


@pytest.mark.parametrize(
    "attack",
    [
        Calls(np.log1p, 1.0),  # a function that models keep
        Calls(accuracy_score, [1], [1]),
        Calls(SCORER, 1, 2, 3),  # an object that calls methods of others
        Calls(Parallel, 1),  # a class whose `__init__` is Python's
        Calls(np.random._pickle.__generator_ctor, "a", SCORER),  # type: ignore[attr-defined]
        Calls(__import__("copyreg")._reconstructor, LogisticRegression, Parallel, 1),
        TO_FILE,
        FunctionTransformer(TO_FILE),
        HIDING,
        Calls(dict, SCORER),
        np.vectorize(SCORER),
    ],
    ids=lambda attack: type(attack).__name__,
)
def test_a_pickle_calls_nothing_but_what_makes_parts(attack: Any) -> None:
    with pytest.raises(Untrusted):
        read(attack)


def test_a_pickle_changes_no_class_and_no_function() -> None:
    for owner in (b"csklearn.linear_model\nLogisticRegression\n", b"cnumpy\nlinspace\n"):
        attack = owner + b"(N(Vpredict\ncnumpy\nlog1p\ndtb."
        with pytest.raises(Untrusted, match=r"LogisticRegression|linspace"):
            SafeUnpickler(io.BytesIO(attack)).load()
    assert LogisticRegression.predict is not np.log1p


def test_an_object_cannot_pass_for_what_makes_parts() -> None:
    posing = get_scorer("accuracy")
    vars(posing).update({"__module__": "builtins", "__name__": "dict"})
    with pytest.raises(Untrusted):
        read(Calls(posing, 1, 2, 3))


def test_a_distribution_runs_no_text(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    dist = copy.deepcopy(scipy.stats.loguniform(1, 2))
    dist.dist._parse_arg_template = f"open({str(marker)!r}, 'w').close()"
    with contextlib.suppress(KeyError):  # what the text should have defined
        pickle.loads(pickle.dumps(dist))  # noqa: S301 - as an attacker would have it read
    marker.unlink()
    read(dist)
    assert not marker.exists()


X = np.random.default_rng(0).random((40, 3))
Y = (X[:, 0] > 0.5).astype(int)


def test_a_search_is_read_without_what_it_drew_from() -> None:
    space = {"C": scipy.stats.loguniform(0.1, 10), "max_iter": scipy.stats.randint(50, 60)}
    search = RandomizedSearchCV(LogisticRegression(), space, n_iter=2, cv=2, random_state=0)
    found = read(search.fit(X, Y))
    assert found.predict(X).tolist() == search.predict(X).tolist()
    assert found.param_distributions["C"] == "left out"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # skops looks into every module
@pytest.mark.parametrize(
    "part",
    [
        SelectKBest(functools.partial(mutual_info_classif, random_state=0), k=2),
        SelectKBest(f_classif),
        FunctionTransformer(functools.partial(np.clip, a_min=0, a_max=1)),
        FunctionTransformer(scipy.special.expit),
        FunctionTransformer(scipy.spatial.distance.squareform),
        make_column_selector(dtype_include=np.number),
        get_scorer("neg_log_loss"),
    ],
    ids=lambda part: f"{type(part).__name__}",
)
def test_parts_come_back_from_both(part: Any) -> None:
    for found in (read(part), skops_file.loads(skops_file.dumps(part))):
        assert type(found) is type(part)
        assert repr(vars(found)).partition(" at 0x")[0] == repr(vars(part)).partition(" at 0x")[0]


def forged(change: Callable[[dict[str, Any]], None], model: Any) -> bytes:
    """A file of skops whose description somebody changed."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(skops_file.dumps(model))) as good:
        schema = json.loads(good.read("schema.json"))
        change(schema)
        with zipfile.ZipFile(content, "w") as archive:
            for name in good.namelist():
                archive.writestr(name, good.read(name))
            archive.writestr("schema.json", json.dumps(schema))
    return content.getvalue()


def calling(module: str, name: str) -> Callable[[dict[str, Any]], None]:
    """Make a file call something instead of making its model."""
    arguments = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode"}
    call = {"__class__": name, "__module__": module, "__loader__": "ConstructorFromReduceNode"}

    def change(schema: dict[str, Any]) -> None:
        schema |= call | {"content": arguments | {"content": []}}

    return change


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "name",
    [
        *("os.getcwd", "numpy.log1p", "sklearn.utils.parallel.Parallel", "numpy.save"),
        *(
            "sklearn.metrics._classification.accuracy_score",
            "scipy.stats._distn_infrastructure.rv_frozen",
        ),
    ],
)
def test_a_file_of_skops_calls_nothing_but_what_makes_parts(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    with pytest.raises(Untrusted, match=name):
        skops_file.loads(forged(calling(module, attribute), LogisticRegression()))


def test_a_file_of_skops_keeps_nothing_that_calls_unseen() -> None:
    for attack in (FunctionTransformer(TO_FILE), HIDING):
        with pytest.raises(Untrusted):
            skops_file.loads(skops_file.dumps(attack))
