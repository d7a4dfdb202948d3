#!/usr/bin/env python3
"""Figures of an independent implementation for tests/ml: numpy and scikit-learn 1.2.1 of Debian 12.

    apt install python3-sklearn && tests/ml/reference/make_figures.py > tests/ml/reference/figures.txt

Run by hand; the tests read figures.txt only. One line per array: its name, its number of columns,
then its values row by row. Inputs are rounded to what the file holds before anything is computed.
"""

import sys
import warnings

import numpy as np
from sklearn import cluster, decomposition, ensemble, linear_model, metrics, tree

warnings.simplefilter("error")
random = np.random.default_rng(20)


def show(name, values):
    values = np.asarray(values, dtype=float)
    columns = values.shape[1] if values.ndim == 2 else 1
    print(name, columns, *(repr(float(v)) for v in values.ravel()))


def inputs(rows, columns):
    """Features of unlike scales that are correlated, as sensors are."""
    base = random.normal(size=(rows, columns))
    base[:, 1] += 0.8 * base[:, 0]
    scale = np.logspace(-1, 3, columns)
    return np.round(base * scale + 3.0 * scale, 4)


def linear():
    x = inputs(40, 4)
    y = np.round(x @ [3.0, -0.5, 0.02, 0.001] + 7.0 + random.normal(size=40), 4)
    show("linear.x", x)
    show("linear.y", y)
    plain = linear_model.LinearRegression().fit(x, y)
    show("linear.plain", [*plain.coef_, plain.intercept_])
    ridge = linear_model.Ridge(alpha=2.5, solver="svd").fit(x, y)
    show("linear.ridge", [*ridge.coef_, ridge.intercept_])
    wide = inputs(5, 8)  # fewer rows than features: the shortest of the exact solutions
    target = np.round(random.normal(size=5), 4)
    z = (wide - wide.mean(axis=0)) / wide.std(axis=0)
    weights = np.linalg.lstsq(z, target - target.mean(), rcond=None)[0] / wide.std(axis=0)
    show("wide.x", wide)
    show("wide.y", target)
    show("wide.shortest", [*weights, target.mean() - wide.mean(axis=0) @ weights])


def logistic():
    x = inputs(60, 3)
    odds = 12.0 * (x[:, 0] - 0.3) + 0.1 * (x[:, 1] - 30.0) - 0.001 * (x[:, 2] - 3000.0)
    y = (random.uniform(size=60) < 1.0 / (1.0 + np.exp(-odds))).astype(float)
    show("logistic.x", x)
    show("logistic.y", y)
    model = linear_model.LogisticRegression(C=1 / 0.7, solver="newton-cholesky", tol=1e-12, max_iter=500)
    model.fit(x, y)
    show("logistic.l2", [*model.coef_[0], model.intercept_[0]])
    model = linear_model.LogisticRegression(penalty=None, solver="newton-cholesky", tol=1e-12, max_iter=500)
    model.fit(x, y)
    show("logistic.plain", [*model.coef_[0], model.intercept_[0]])


def clusters():
    centres = np.array([[0.0, 0.0], [6.0, 1.0], [2.0, 7.0]])
    x = np.round(np.repeat(centres, 20, axis=0) + random.normal(size=(60, 2)), 3)
    model = cluster.KMeans(n_clusters=3, n_init=10, tol=0.0, random_state=1).fit(x)
    found = model.cluster_centers_[np.argsort(model.cluster_centers_[:, 0])]
    show("clusters.x", x)
    show("clusters.centres", found)
    show("clusters.inertia", [model.inertia_])
    show("clusters.silhouette", [metrics.silhouette_score(x, model.labels_)])


def components():
    x = np.round(random.normal(size=(30, 4)) @ random.normal(size=(4, 4)) + [1.0, -2.0, 30.0, 4.0], 3)
    model = decomposition.PCA(n_components=3, svd_solver="full").fit(x)
    largest = np.argmax(np.abs(model.components_), axis=1)
    signs = np.sign(model.components_[np.arange(3), largest])
    show("components.x", x)
    show("components.directions", model.components_ * signs[:, None])
    show("components.variances", model.explained_variance_)
    show("components.ratios", model.explained_variance_ratio_)
    show("components.scores", model.transform(x) * signs)


def trees():
    x = np.round(random.uniform(0.0, 10.0, size=(150, 3)), 2)
    y = np.round(np.where(x[:, 0] > 4.0, 3.0 * x[:, 1], -x[:, 2]) + random.normal(size=150), 3)
    show("trees.x", x)
    show("trees.y", y)
    model = tree.DecisionTreeRegressor(max_depth=4, min_samples_leaf=5, random_state=1).fit(x, y)
    show("trees.regression", model.predict(x))
    show("trees.regression_importance", model.feature_importances_)
    label = (y > 10.0).astype(float)
    model = tree.DecisionTreeClassifier(max_depth=3, min_samples_leaf=4, random_state=1).fit(x, label)
    show("trees.label", label)
    show("trees.probability", model.predict_proba(x)[:, 1])
    missing = x.copy()
    missing[random.uniform(size=x.shape) < 0.2] = np.nan
    show("trees.missing", missing)
    settings = {"max_iter": 30, "min_samples_leaf": 10, "max_leaf_nodes": 8, "l2_regularization": 0.5,
                "early_stopping": False}
    for name, data in (("boosted", x), ("boosted_missing", missing)):
        show(f"trees.{name}", ensemble.HistGradientBoostingRegressor(**settings).fit(data, y).predict(data))
    model = ensemble.HistGradientBoostingClassifier(**settings).fit(missing, label)
    show("trees.boosted_probability", model.predict_proba(missing)[:, 1])


def scores():
    truth = np.round(random.uniform(0.0, 125.0, size=25), 1)
    predicted = np.round(truth + random.normal(scale=12.0, size=25), 1)
    error = predicted - truth
    show("scores.truth", truth)
    show("scores.predicted", predicted)
    show("scores.mae", [metrics.mean_absolute_error(truth, predicted)])
    show("scores.rmse", [metrics.mean_squared_error(truth, predicted, squared=False)])
    show("scores.r2", [metrics.r2_score(truth, predicted)])
    show("scores.phm", [np.where(error < 0, np.exp(-error / 13.0) - 1.0, np.exp(error / 10.0) - 1.0).sum()])
    label = (random.uniform(size=50) < 0.3).astype(float)
    probability = np.round(np.clip(0.3 * label + random.uniform(0.0, 0.7, size=50), 0.0, 1.0), 1)  # ties
    show("scores.label", label)
    show("scores.probability", probability)
    show("scores.roc_auc", [metrics.roc_auc_score(label, probability)])
    show("scores.pr_auc", [metrics.average_precision_score(label, probability)])
    show("scores.f1", [metrics.f1_score(label, probability >= 0.5)])
    show("scores.confusion", metrics.confusion_matrix(label, probability >= 0.5).ravel())


if __name__ == "__main__":
    np.set_printoptions(precision=17)
    for part in (linear, logistic, clusters, components, trees, scores):
        part()
    sys.exit(0)
