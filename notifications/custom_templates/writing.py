"""Writes an email in each language that its recipient reads, in the office's own words if any."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.context import Letter
from notifications.content.rendering import (
    Rendered,
    Side,
    environments,
    made_side,
    put_together,
    side_of,
)
from notifications.custom_templates.draft import BUILT_IN, Draft, Override
from notifications.custom_templates.sandbox import render_part
from notifications.languages import LANGUAGES, Language
from storage.queries.templates import active_templates

log = structlog.get_logger(__name__)

BROKEN = "template_broken"
"""The named reason of an email that was written with the built-in template instead."""


@dataclass(frozen=True)
class Written:
    """An email's parts, and which version of its templates they are from."""

    rendered: Rendered
    template: str
    """``cy:3,en:0``: language and version, 0 for the built-in one."""
    trouble: str = ""
    """``template_broken`` where a version of the office's own could not be used."""


async def overrides_of(
    session: AsyncSession, programme_id: str, kind: str
) -> dict[Language, Override]:
    """The office's own templates in use for a kind of email."""
    rows = await active_templates(session, programme_id, kind)
    known: dict[str, Language] = {language: language for language in LANGUAGES}
    return {
        known[row.language]: Override(
            known[row.language], row.version, Draft(row.subject, row.text, row.html)
        )
        for row in rows
        if row.language in known
    }


def named_versions(languages: Sequence[Language], overrides: Mapping[Language, Override]) -> str:
    """How the ledger names the templates of an email."""
    return ",".join(
        f"{language}:{overrides[language].version if language in overrides else BUILT_IN}"
        for language in languages
    )


def write(
    kind: str, contexts: Mapping[Language, Letter], overrides: Mapping[Language, Override]
) -> Written:
    """Write an email in every language that there is a context for, in that order.

    An override that cannot be rendered gives way to the built-in template, and never holds up an
    email. Raises Jinja's errors where a built-in one fails.
    """
    used = dict(overrides)
    trouble, sides = "", []
    for language, context in contexts.items():
        values = asdict(context)
        override = used.get(language)
        if override is not None:
            try:
                sides.append(overridden(kind, values, override))
                continue
            except Exception as error:  # whatever an office wrote must not hold up an email
                # The error's words may quote what was filled in.
                log.warning(
                    "template_broken",
                    kind=kind,
                    language=language,
                    version=override.version,
                    error=type(error).__name__,
                )
                del used[language]
                trouble = BROKEN
        sides.append(side_of(kind, values, language))
    return Written(put_together(sides), named_versions(list(contexts), used), trouble)


def overridden(kind: str, values: Mapping[str, Any], override: Override) -> Side:
    """One language's side in the office's own words. Raises whatever is wrong with them."""
    texts, pages = environments(override.language)

    def part(file: str) -> str:
        html = file.endswith(".html")
        source = override.draft.source(file)
        if not source:
            return (pages if html else texts).get_template(f"{kind}/{file}").render(values)
        made = render_part(source, override.language, values, html=html)
        if not made.strip():
            raise ValueError(f"{file} is empty")
        return made

    return made_side(override.language, values, part)
