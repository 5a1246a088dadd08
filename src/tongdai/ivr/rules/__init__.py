"""What lint looks for: one function for each kind of finding."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from tongdai.ivr.findings import Finding
from tongdai.ivr.rules import rounds, talk, ways
from tongdai.ivr.rules.about import About

Rule: TypeAlias = Callable[[About], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    ways.dangling,
    ways.unwired,
    rounds.spin,
    rounds.long_row,
    rounds.no_exit,
    talk.duplicate_key,
    talk.collision,
    talk.modality,
    talk.secret,
    ways.clean_up,
    talk.text,
    ways.opaque,
    ways.unreachable,
    ways.same_way,
    rounds.uncounted,
    talk.language,
    talk.no_person,
)
"""All rules, in the order in which they have their say about one node."""
