"""What lint has to say: one finding for each thing that is wrong.

Rule: an *error* goes wrong for some customer. A *warning* works as it is written, and is seldom
what was wanted.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from tongdai.model.personal import Value

Severity: TypeAlias = Literal["error", "warning"]

Kind: TypeAlias = Literal[
    "unwired",  # an outcome that can happen leads nowhere, so that the contact ends
    "dangling",  # an outcome leads to a node or a flow that is not there
    "spin",  # a cycle that never waits
    "no_exit",  # a cycle that nothing leads out of
    "duplicate_key",  # one key means two things
    "collision",  # one answer means two things, so that it means neither
    "modality",  # a node that cannot be on a modality
    "secret",  # a secret would be said, or given away
    "clean_up",  # the clean-up needs the customer, who is gone
    "text",  # a condition, operand or template that does not parse
    "opaque",  # what an importer could not read, and the machine cannot run
    "unreachable",  # no way leads there
    "same_way",  # going wrong leads to where going right does
    "uncounted",  # a cycle that goes on by itself, and nothing counts how often
    "language",  # a prompt that is missing in one of the flow's languages
    "no_person",  # no way leads to a person
]


class Finding(Value, frozen=True):
    """One thing that is wrong with a flow.

    Attributes:
        severity: `error` or `warning`.
        node: the node's name; empty where it is about the flow as a whole.
        kind: what is wrong, as a word that programs compare.
        reason: what is wrong and what comes of it, for people.
        mend: what would be right.
        field: the outcome or field that it is about, where there is one.
    """

    severity: Severity
    node: str
    kind: Kind
    reason: str
    mend: str
    field: str = ""

    def __str__(self) -> str:
        """Give it as a line: severity, node, reason and mend."""
        return f"{self.severity:8} {self.node or 'the flow'}: {self.reason}. {self.mend}"


def error(node: str, kind: Kind, reason: str, mend: str, field: str = "") -> Finding:
    """Return a finding that is an error."""
    return Finding("error", node, kind, reason, mend, field)


def warning(node: str, kind: Kind, reason: str, mend: str, field: str = "") -> Finding:
    """Return a finding that is a warning."""
    return Finding("warning", node, kind, reason, mend, field)


def listed(names: tuple[str, ...] | list[str], joint: str = "and") -> str:
    """Return names for people: `a, b and c`; of many, the first ones and how many more."""
    if len(names) > _MOST_LISTED:
        return f"{', '.join(names[:_MOST_LISTED])} {joint} {len(names) - _MOST_LISTED} more"
    return f" {joint} ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


_MOST_LISTED = 5
