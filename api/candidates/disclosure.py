"""What recruiters may read of a likelihood: the reasons of fit, and behaviour in one neutral line.

Behaviour in detail (what somebody does on the marketplace, other employers' approaches and what
became of them) is for the person and for staff. So that the sum does not tell it either, recruiters
read the likelihood in steps: an observer before and after an event sees that something changed
only if a step was crossed, and neither what nor when to the second.
"""

from projections.likelihood.estimator.schema import Features
from projections.likelihood.explanations import FeatureReason
from projections.likelihood.features.catalogue import JOB_YEARS, OF_MATCH, OF_POSITION
from projections.likelihood.scoring import ScoredCandidate

SHOWN = {
    "intercept",
    "dormancy",
    "tenure",
    "consent_age",
    "profile_age",
    *(f"job_{years}" for years in JOB_YEARS),
    "years",
    "role",
    "seniority",
    "present_job",
    "consented",
    "remote_wish",
    *OF_POSITION,
    *OF_MATCH,
}
"""The features that recruiters read one by one. All others, also later ones, are behaviour."""

BEHAVIOUR = "recent_activity"
BEHAVIOUR_IN_WORDS = "Recent activity"

PROBABILITY_STEP = 0.01
LOGIT_STEP = 2**-4
CONTRIBUTION_STEP = 2**-20
"""Powers of two, so that sums of multiples are exact in double precision, in any order."""


def to_recruiters(score: ScoredCandidate) -> ScoredCandidate:
    """A score as recruiters read it; its reasons still sum up to its logit, bit for bit."""
    likelihood = score.likelihood
    logit = _rounded(likelihood.logit, LOGIT_STEP)
    shown = [
        FeatureReason(feature, value, sentence, _rounded(contribution, CONTRIBUTION_STEP), x)
        for feature, value, sentence, contribution, x in score.reasons
        if feature in SHOWN
    ]
    rest = logit - sum(reason.contribution for reason in shown)
    behaviour = FeatureReason(BEHAVIOUR, None, BEHAVIOUR_IN_WORDS, rest, Features({}, {}))
    probability = round(_rounded(likelihood.probability, PROBABILITY_STEP), 2)
    rounded = {"logit": logit, "probability": probability}
    return ScoredCandidate(likelihood.model_copy(update=rounded), [*shown, behaviour])


def _rounded(value: float, step: float) -> float:
    return round(value / step) * step
