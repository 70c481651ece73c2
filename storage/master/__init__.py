"""Master data: members, contacts, people, tokens, programmes, texts. Each change is an event.

Every function takes the session of a transaction, who acts, and when. Wrong input raises
``Rejected`` with every flaw; an unknown id raises ``Missing``.
"""

from storage.master.checks import Blackout, Missing, NewContact, Rejected
from storage.master.member_import import COLUMNS, import_members
from storage.master.members import add_contact, add_member, update_contact, update_member
from storage.master.people import add_person, update_person
from storage.master.programmes import add_programme, set_funders
from storage.master.teams import TakenOver, assign_team
from storage.master.texts import drop_text, store_text
from storage.master.tokens import NewToken, create_token, hash_of, revoke_token

__all__ = [
    "COLUMNS",
    "Blackout",
    "Missing",
    "NewContact",
    "NewToken",
    "Rejected",
    "TakenOver",
    "add_contact",
    "add_member",
    "add_person",
    "add_programme",
    "assign_team",
    "create_token",
    "drop_text",
    "hash_of",
    "import_members",
    "revoke_token",
    "set_funders",
    "store_text",
    "update_contact",
    "update_member",
    "update_person",
]
