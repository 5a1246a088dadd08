"""The three that are compared, each given the same rows and asked for groups.

Rule: each gets one configuration for all sets, with the comparisons that its own documentation
gives for such columns; a column that a set does not have is left out. Splink and recordlinkage are
trained on the very rows they then match, without labels; tongdai uses its default weights and
policy and takes one row after the other. Where Splink's threshold is to be chosen, it gets the one
that is best for it on that set.
"""

# pyright: basic, reportMissingImports=false
# (Splink, recordlinkage and pandas are installed on request only.)

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final

from tests.accuracy.scores import components, score, tallies
from tests.accuracy.sets import Row, observation
from tongdai.profiles import Resolver

Groups = dict[str, str]


def ours(rows: Sequence[Row]) -> Groups:
    """Match by tongdai, one row after the other."""
    resolver = Resolver()
    for row in rows:
        resolver.ingest(observation(row))
    resolver.settle()
    return {row.id: resolver.find(row.id) for row in rows}


def _present(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    return [column for column in columns if any(getattr(row, column) for row in rows)]


_BLOCKS: Final = [
    ["given", "family"],
    ["born"],
    ["email"],
    ["national"],
    ["family", "postcode"],
    ["given", "postcode"],
    ["family", "city"],
    ["given", "city"],
    ["address"],
]
_COLUMNS: Final = [
    *("given", "family", "born", "email", "national"),
    *("number", "address", "ward", "city", "postcode", "region"),
]
_THRESHOLDS: Final = [0.5, 0.8, 0.9, 0.95, 0.99, 0.999]


def splink(rows: Sequence[Row]) -> Groups:
    """Match by Splink 5: fitted by expectation maximisation, clustered at its best threshold."""
    import splink as library  # noqa: PLC0415 - installed on request

    logging.getLogger("splink").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        return _splink(rows, library)


def _splink(rows: Sequence[Row], library: Any) -> Groups:  # noqa: ANN401 - untyped
    import pandas as pd  # noqa: PLC0415
    import splink.comparison_library as compare  # noqa: PLC0415

    there = _present(rows, _COLUMNS)
    blocks = [block for block in _BLOCKS if all(column in there for column in block)]
    frame = pd.DataFrame(
        [
            {"unique_id": row.id, **{name: getattr(row, name) or None for name in there}}
            for row in rows
        ]
    )
    iso = any("-" in row.born for row in rows)
    special = {
        "born": lambda: compare.DateOfBirthComparison(
            "born", input_is_string=True, datetime_format="%Y-%m-%d" if iso else "%Y%m%d"
        ),
        "email": lambda: compare.EmailComparison("email"),
        "national": lambda: compare.LevenshteinAtThresholds("national", [1, 2]),
        "number": lambda: compare.LevenshteinAtThresholds("number", 1),
        "address": lambda: compare.JaroWinklerAtThresholds("address", [0.9, 0.7]),
        "ward": lambda: compare.JaroWinklerAtThresholds("ward", [0.9, 0.7]),
        "city": lambda: compare.JaroWinklerAtThresholds("city", [0.9, 0.7]),
        "postcode": lambda: compare.LevenshteinAtThresholds("postcode", [1, 2]),
        "region": lambda: compare.ExactMatch("region"),
    }
    comparisons: list[Any] = [compare.ForenameSurnameComparison("given", "family")]
    comparisons += [special[name]() for name in there if name in special]
    settings = library.SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[library.block_on(*block) for block in blocks],
    )
    table = library.DuckDBAPI().register(frame)
    linker = library.Linker(table, settings, log_level=logging.ERROR)
    training = linker.training
    sure = [
        library.block_on(*block)
        for block in (["given", "family", "born"], ["email"], ["national"])
        if all(column in there for column in block)
    ]
    training.estimate_probability_two_random_records_match(sure, recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for block in (["born"], ["given", "family"]):
        training.estimate_parameters_using_expectation_maximisation(library.block_on(*block))
    predictions = linker.inference.predict(threshold_match_probability=_THRESHOLDS[0])
    best: tuple[float, Groups] | None = None
    true = {row.id: row.person for row in rows}
    for threshold in _THRESHOLDS:
        clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(
            predictions, threshold_match_probability=threshold
        ).as_pandas_dataframe()
        groups = dict(zip(clustered["unique_id"], map(str, clustered["cluster_id"]), strict=True))
        f1 = score(tallies(groups, true)).f1[0]
        if best is None or f1 > best[0]:
            best = f1, groups
    assert best is not None
    return best[1]


def recordlinkage(rows: Sequence[Row]) -> Groups:
    """Match by recordlinkage: its classifier by expectation maximisation over binary agreement."""
    import pandas as pd  # noqa: PLC0415
    import recordlinkage as library  # noqa: PLC0415

    there = _present(rows, _COLUMNS)
    frame = pd.DataFrame(
        {name: [getattr(row, name) or None for row in rows] for name in there},
        index=[row.id for row in rows],
    )
    index = library.Index()
    for block in _BLOCKS:
        if all(column in there for column in block):
            index.block(block)
    pairs = index.index(frame)
    compare = library.Compare()
    for name in there:
        if name in ("number", "region"):
            compare.exact(name, name, label=name)
        else:
            compare.string(name, name, method="jarowinkler", threshold=0.85, label=name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        features = compare.compute(pairs, frame)
        features = features.loc[:, features.nunique() > 1]
        found = library.ECMClassifier().fit_predict(features)
    return components((row.id for row in rows), found.to_list())


def load(method: str) -> None:
    """Import what a method needs, so that its time and memory are those of its work."""
    for name in {"tongdai": ("phonenumbers", "email_validator", "rapidfuzz.fuzz")}.get(
        method, ("pandas", method)
    ):
        importlib.import_module(name)


METHODS: Final[dict[str, Callable[[Sequence[Row]], Groups]]] = {
    "tongdai": ours,
    "splink": splink,
    "recordlinkage": recordlinkage,
}
