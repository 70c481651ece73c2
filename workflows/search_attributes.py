"""The search attributes, declared once; they are set at a workflow's start only, which is free."""

from temporalio.common import SearchAttributeKey

PROGRAMME = SearchAttributeKey.for_keyword("MilepostProgramme")
"""The programme's id."""

MEMBER = SearchAttributeKey.for_keyword("MilepostMember")
"""The member's opaque id."""

KIND = SearchAttributeKey.for_keyword("MilepostKind")
"""``engagement`` or an item's kind."""

ALL = (PROGRAMME, MEMBER, KIND)
