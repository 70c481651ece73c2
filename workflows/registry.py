"""Every workflow that a worker registers."""

from workflows.advice_cycle import AdviceCycle
from workflows.digest import Digest
from workflows.engagement import Engagement
from workflows.notices import DeliverNotices, Redelivery
from workflows.onboarding import Onboarding
from workflows.research_request import ResearchRequest
from workflows.review_milestone import ReviewMilestone

WORKFLOWS = [
    Engagement,
    Onboarding,
    ResearchRequest,
    AdviceCycle,
    ReviewMilestone,
    Redelivery,
    DeliverNotices,
    Digest,
]
