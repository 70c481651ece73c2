"""Closed sets of words that several rooms share; this file imports nothing heavy."""

from typing import Literal, get_args

Nation = Literal["ENG", "WLS", "SCT", "NIR"]
"""The nation whose bank holidays a member keeps."""
NATIONS: tuple[Nation, ...] = get_args(Nation)

OfficeRole = Literal["manager", "researcher", "adviser", "viewer"]
"""The roles of people in the office, at its funder or at a partner. Viewers only read."""
OFFICE_ROLES: tuple[OfficeRole, ...] = get_args(OfficeRole)

Language = Literal["en", "cy"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

Mode = Literal["en", "cy", "both"]
"""The language of a recipient's emails: one language, or both in one email."""
MODES: tuple[Mode, ...] = get_args(Mode)

Reminders = Literal["single", "digest"]
"""Each reminder in its own email, or all of a week in one."""
REMINDERS: tuple[Reminders, ...] = get_args(Reminders)

Digest = Literal["manager", "member"]
"""The summaries of a programme: for its team, and for its members."""
DIGESTS: tuple[Digest, ...] = get_args(Digest)

Health = Literal["on_track", "due_soon", "overdue", "stuck"]
"""Whether an engagement is well, from best to worst."""
