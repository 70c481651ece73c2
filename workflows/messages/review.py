"""The commands of a review milestone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AddEvidence:
    """Update ``add_evidence``: ticks one item of the checklist and stores its text or link."""

    by: str
    check: str
    text: str


@dataclass(frozen=True)
class SubmitReview:
    """Update ``submit_review``: preparing → submitted; refused while the checklist has gaps."""

    by: str
    text: str | None = None


@dataclass(frozen=True)
class SignOffReview:
    """Update ``sign_off_review``: submitted → closed."""

    by: str
    text: str | None = None


@dataclass(frozen=True)
class ReturnReview:
    """Update ``return_review``: submitted → preparing, with comments."""

    by: str
    comments: str
