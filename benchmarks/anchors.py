"""Anchors: common estimators that the likelihood's is compared with on the same rows."""

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import Table

REFIT_EVERY = 1_000
"""Outcomes after which those that do not learn online are fitted anew, on all before."""

BASE_RATE = 0.1
"""The prediction before any outcome is known, of an anchor that has none of its own."""

Probabilities = NDArray[np.float64]
Estimator = Callable[[Table], Probabilities]


def prior(table: Table) -> Probabilities:
    """The share of positives among the outcomes known so far."""
    positives = np.concatenate(([0], np.cumsum(table.outcomes)))
    shares: Probabilities = (positives[table.known] + BASE_RATE) / (table.known + 1.0)
    return shares


def online(
    table: Table, learn: Callable[[int], None], predict: Callable[[int], float]
) -> Probabilities:
    """Predict every row before its outcome, after learning the outcomes known by then."""
    learned = 0
    probabilities = np.empty(len(table.rows))
    for row, known in enumerate(table.known.tolist()):
        while learned < known:
            learn(learned)
            learned += 1
        probabilities[row] = predict(row)
    return probabilities


def river_defaults(table: Table) -> Probabilities:
    """River's StandardScaler and one-hot columns into its LogisticRegression, as they come."""
    from river import linear_model, preprocessing

    scaler: Any = preprocessing.StandardScaler()
    regression: Any = linear_model.LogisticRegression()
    numbers = [{n: c for n, c in row.items() if isinstance(c, float)} for row in table.rows]
    words = [
        {f"{name}={cell}": 1.0 for name, cell in row.items() if not isinstance(cell, float)}
        for row in table.rows
    ]

    def learn(row: int) -> None:
        scaler.learn_one(numbers[row])
        regression.learn_one(scaled(row), bool(table.outcomes[row]))

    def scaled(row: int) -> dict[Any, float]:
        return {**scaler.transform_one(numbers[row]), **words[row]}

    return online(table, learn, lambda row: regression.predict_proba_one(scaled(row))[True])


def vowpal_wabbit(table: Table) -> Probabilities:
    """Vowpal Wabbit's defaults with the logistic loss."""
    import vowpalwabbit

    workspace = vowpalwabbit.Workspace("--loss_function logistic --link logistic --quiet")
    examples = [
        " | "
        + " ".join(
            f"{_plain(name)}:{cell}"
            if isinstance(cell, float)
            else f"{_plain(name)}={_plain(cell)}"
            for name, cell in row.items()
        )
        for row in table.rows
    ]

    def learn(row: int) -> None:
        workspace.learn(("1" if table.outcomes[row] else "-1") + examples[row])

    probabilities = online(table, learn, lambda row: workspace.predict(examples[row]))
    workspace.finish()
    return probabilities


def sklearn_refitted(table: Table) -> Probabilities:
    """scikit-learn's logistic regression on scaled, one-hot columns, refitted on all before."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns, numeric = _columns(table)
    where = np.arange(columns.shape[1])
    steps = [
        (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), where[numeric]),
        (OneHotEncoder(handle_unknown="ignore"), where[~numeric]),
    ]

    def fit(x: Any, y: Any) -> Any:
        chosen = [(step, which) for step, which in steps if len(which)]
        model = make_pipeline(make_column_transformer(*chosen), LogisticRegression(max_iter=200))
        return model.fit(x, y)

    return _refitted(table, columns, fit)


def lightgbm_refitted(table: Table) -> Probabilities:
    """LightGBM's defaults with categorical features, refitted on all before."""
    import lightgbm

    columns, numeric = _columns(table)
    categories = np.flatnonzero(~numeric).tolist()

    def fit(x: Any, y: Any) -> Any:
        model = lightgbm.LGBMClassifier(n_jobs=1, verbosity=-1)  # two wait for each other
        return model.fit(x, y, categorical_feature=categories or "auto")

    return _refitted(table, columns, fit)


ANCHORS: dict[str, Estimator] = {
    "running prior": prior,
    "River's defaults": river_defaults,
    "Vowpal Wabbit": vowpal_wabbit,
    "scikit-learn, refitted": sklearn_refitted,
    "LightGBM, refitted": lightgbm_refitted,
}


def _refitted(table: Table, columns: NDArray[Any], fit: Callable[[Any, Any], Any]) -> Probabilities:
    """The prior until the first fit, then the latest fit's."""
    probabilities = prior(table)
    most = int(table.known[-1])
    fits = [*range(REFIT_EVERY, most + 1, REFIT_EVERY)]
    starts = [*np.searchsorted(table.known, fits).tolist(), len(table.rows)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence, and of columns that are constant so far
        for known, start, end in zip(fits, starts[:-1], starts[1:], strict=True):
            y = table.outcomes[:known]
            if start < end and y.any() and not y.all():
                model = fit(columns[:known], y)
                probabilities[start:end] = model.predict_proba(columns[start:end])[:, 1]
    return probabilities


def _columns(table: Table) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Numbers as they are, missing ones not a number; words by their place in the alphabet."""
    columns, numeric = [], []
    for name in table.rows[0]:
        cells = [row[name] for row in table.rows]
        numeric.append(any(isinstance(cell, float) for cell in cells))
        if numeric[-1]:
            columns.append([np.nan if cell is None else cell for cell in cells])
        else:
            _, codes = np.unique([cell or "" for cell in cells], return_inverse=True)
            columns.append(codes.tolist())
    return np.array(columns, dtype=np.float64).T, np.array(numeric)


def _plain(word: object) -> str:
    return re.sub(r"[\s:|]", "_", str(word))
