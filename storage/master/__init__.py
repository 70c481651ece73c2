"""Master data: members, contacts, people, tokens, programmes, texts. Each change is an event.

Every function takes the session of a transaction, who does it, and when. What is wrong with what
was given is raised as ``Rejected``, with every flaw and its mend; an id that is not there as
``Missing``.
"""

from storage.master.checks import Blackout, Flaw, Missing, NewContact, Rejected
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
    "Flaw",
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
