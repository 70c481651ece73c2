"""Closed sets of words that several rooms speak with; it imports nothing heavy."""

from typing import Literal, get_args

Nation = Literal["ENG", "WLS", "SCT", "NIR"]
"""Whose bank holidays a member keeps."""
NATIONS: tuple[Nation, ...] = get_args(Nation)

OfficeRole = Literal["manager", "researcher", "adviser", "viewer"]
"""What a person of the office, of its funder or of a partner may be; viewers only read."""
OFFICE_ROLES: tuple[OfficeRole, ...] = get_args(OfficeRole)

Language = Literal["en", "cy"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

Mode = Literal["en", "cy", "both"]
"""What a recipient has chosen: one language, or both side by side in one email."""
MODES: tuple[Mode, ...] = get_args(Mode)

Reminders = Literal["single", "digest"]
"""Each by itself, or collected once a week."""
REMINDERS: tuple[Reminders, ...] = get_args(Reminders)
