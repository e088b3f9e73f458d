"""Trains the model this project serves. The file is yours: nothing is trained until you fill it.

What to write in `main`, with your data in `data.csv` and the answers in its column `price`:

    data = pandas.read_csv("data.csv")
    X, y = data.drop(columns="price"), data["price"]
    X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    X, y = with_feedback(X, y)
    model = make_pipeline(...).fit(X, y)
    return publish(model, X, y, name="house-price", test=(X_test, y_test))

`publish` and `with_feedback` come from this package: `from . import publish, with_feedback`. The
latter adds logged rows whose true outcome is known, in `manage train --with-feedback` only; call it
on the training part, so that the test rows stay the same. Columns of 32-bit floats
(`.astype("float32")`) make trees answer alike in training and when served.
"""

from . import Artifact


def main() -> Artifact:
    """Fit a model and publish it."""
    raise SystemExit(f"Nothing to train yet: write your training into main() of {__file__}.")
