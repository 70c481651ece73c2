"""Reports about emails that this office never sent: how many, and nothing else of them."""

from datetime import date

from sqlmodel import Field, SQLModel


class StrangeReports(SQLModel, table=True):
    """How many came on one day (UTC)."""

    __tablename__ = "strange_reports"
    day: date = Field(primary_key=True)
    count: int = 0
