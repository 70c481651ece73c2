"""Writes an email in each of its recipient's languages, from the office's own templates if any."""

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
from programmes.vocabulary import LANGUAGES, Language
from storage.queries.templates import active_templates

log = structlog.get_logger(__name__)

BROKEN = "template_broken"
"""The reason of an email that was written from the built-in template instead."""


@dataclass(frozen=True)
class Written:
    """A rendered email, and the version of its templates."""

    rendered: Rendered
    template: str
    """Language and version, as ``cy:3,en:0``; 0 is the built-in one."""
    trouble: str = ""
    """``template_broken`` if the office's own version could not be used."""


async def overrides_of(
    session: AsyncSession, programme_id: str, kind: str
) -> dict[Language, Override]:
    """The office's own templates that are in use for a kind of email."""
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
    """The templates of an email, as the ledger stores them."""
    return ",".join(
        f"{language}:{overrides[language].version if language in overrides else BUILT_IN}"
        for language in languages
    )


def write(
    kind: str, contexts: Mapping[Language, Letter], overrides: Mapping[Language, Override]
) -> Written:
    """Write an email in the languages of the contexts, in that order.

    If the office's own template fails, the built-in one is used. Raises Jinja's errors if that
    fails too.
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
            except Exception as error:  # a faulty template must not hold up an email
                # The error's text may quote personal data.
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
    """Render the office's own template in one language. Raises Jinja's and ``ValueError``."""
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
