"""An office's own templates."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from storage.tables.fields import instant, optional_instant


class TemplateOverride(SQLModel, table=True):
    """One version of an office's own words for a kind of email. Never changed once stored, but for
    whether it is in use; at most one version is, and else the built-in templates are."""

    __tablename__ = "template_overrides"
    __table_args__ = (
        Index(
            "ux_template_overrides_active",
            "programme_id",
            "kind",
            "language",
            unique=True,
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
    )
    programme_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    """``en`` or ``cy``."""
    version: int = Field(primary_key=True)
    """From 1; 0 is the built-in one."""
    subject: str = ""
    """Empty where the built-in one is kept; so are the others."""
    text: str = ""
    html: str = ""
    note: str = ""
    """Why it was written, in a line."""
    created_by: str
    created_at: datetime = instant()
    active: bool = False
    activated_at: datetime | None = optional_instant()
    """When it was last put into use."""
