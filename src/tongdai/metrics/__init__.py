"""What a center's events add up to: rows of counts and times, and one record per contact.

Rule: a fold over events, pure and without a clock. What is kept is raw (counts, sums, histograms);
a policy, such as a service level's threshold, is an argument when a figure is read, and has no
default. Where there is nothing to measure a figure is `None`.
"""

from tongdai.metrics.compare import Difference, Figures, compare, interval
from tongdai.metrics.counts import LONGEST_THRESHOLD, Counts
from tongdai.metrics.fold import By, Metrics
from tongdai.metrics.records import ContactRecord, ContactRecords, Outcome, records
from tongdai.metrics.row import Abandons, Row

__all__ = [
    "LONGEST_THRESHOLD",
    "Abandons",
    "By",
    "ContactRecord",
    "ContactRecords",
    "Counts",
    "Difference",
    "Figures",
    "Metrics",
    "Outcome",
    "Row",
    "compare",
    "interval",
    "records",
]
