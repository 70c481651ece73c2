"""Captured mail is read newest first or oldest first."""

from storage.database import Database
from storage.queries.mailbox import list_mail, mail_after, show_mail
from tests.storage.queries.pages import every_row


async def test_mail_is_read_newest_first_or_oldest_first(stocked: Database) -> None:
    async with stocked.reading() as session:
        rows = await every_row(lambda c: list_mail(session, cursor=c, limit=2))
        assert [row.subject for row in rows] == [f"Subject {n}" for n in (4, 3, 2, 1, 0)]
        later = await mail_after(session, rows[2].id)
        assert [row.subject for row in later] == ["Subject 3", "Subject 4"]
        mail = await show_mail(session, rows[0].id)
        assert mail is not None
        assert (mail.subject, mail.html) == ("Subject 4", "<p>Text</p>")
        assert await show_mail(session, 999) is None
