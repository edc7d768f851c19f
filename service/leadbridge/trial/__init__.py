"""What would become of one sample: every stage on it, up to the exact calls, with nothing stored and nothing sent."""

from leadbridge.trial.fetching import Given
from leadbridge.trial.findings import (
    FetchCall,
    FetchTrial,
    MadeCall,
    Origin,
    Outcome,
    Proof,
    Receipt,
    RouteTrial,
    Rule,
    Trial,
    TrialWarning,
    Unset,
    Used,
)
from leadbridge.trial.run import Sample, Wish, try_sample

__all__ = [
    "FetchCall", "FetchTrial", "Given", "MadeCall", "Origin", "Outcome", "Proof", "Receipt", "RouteTrial", "Rule",
    "Sample", "Trial", "TrialWarning", "Unset", "Used", "Wish", "try_sample",
]  # fmt: skip
