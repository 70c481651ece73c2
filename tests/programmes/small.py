"""A small valid definition, in which tests break one line at a time."""

from programmes.loader import DefinitionErrors, load_definition
from programmes.problems import Flaw

SMALL = """\
id: small
version: 1
title: A small programme
text: It has one of everything.
host: An office
themes:
  - {id: jobs, title: Jobs}
roles:
  lead: {title: Lead}
  manager: {title: Manager}
  adviser: {title: Adviser}
  researcher: {title: Researcher}
mail:
  from_name: An office
  reply_to: office@example.org
calendar:
  kind: uk
  working_days: [monday, tuesday, wednesday, thursday, friday]
  hours: 09:00-17:00
  sending: 09:00-16:30
  closures:
    - first: 12-24
      last: 12-31
      reason: Closed
soon: 3wd
ladders:
  plain:
    rungs:
      - {id: early, at: -3wd, to: [owner], says: reminder}
      - {id: late, at: 2wd, to: [owner], says: overdue}
      - {id: stuck, at: 5wd, to: [manager, team], says: escalation}
    ends: 10wd
onboarding:
  steps:
    - id: sign
      title: Sign
      text: Sign it.
      owner: lead
      due: 10wd
      ladder: plain
    - id: call
      title: Call
      text: Call them.
      owner: manager
      due: 5wd
      ladder: plain
      after: [sign]
research:
  triage: {owner: manager, due: 3wd, ladder: plain}
  answer: {owner: lead, due: 5wd, ladder: plain, at_end: close}
  scope: {owner: manager, due: 5wd, ladder: plain}
  assign: {owner: manager, due: 3wd, ladder: plain}
  draft: {owner: researcher, due: 20wd, ladder: plain}
  acceptance: {owner: lead, due: 10wd, ladder: plain, at_end: accept}
  feedback: {owner: lead, due: 10wd, ladder: plain, at_end: close}
advice:
  first: 5wd
  every: P3M
  propose: {owner: adviser, due: 5wd, ladder: plain}
  confirm: {owner: lead, due: 5wd, ladder: plain}
  agenda: {owner: adviser, due: -3wd, ladder: plain}
  session: {owner: adviser, due: 0wd, ladder: plain}
  notes: {owner: adviser, due: 3wd, ladder: plain}
  action: {owner: lead, due: 20wd, ladder: plain}
reviews:
  - id: half
    title: Half-way review
    text: Look back.
    plus: P3M
    opens: 20wd
    checklist:
      - {id: story, title: Your story}
    submit: {owner: lead, ladder: plain}
    sign_off: {owner: manager, due: 5wd, ladder: plain}
    revise: {owner: lead, due: 5wd, ladder: plain}
    hears: [team]
  - id: final
    title: Final review
    text: Look back once more.
    after: half
    plus: P3M
    opens: 20wd
    submit: {owner: lead, ladder: plain}
    sign_off: {owner: manager, due: 5wd, ladder: plain}
    revise: {owner: lead, due: 5wd, ladder: plain}
"""


def changed(*changes: tuple[str, str]) -> str:
    """The small definition with pieces of its text replaced, each of which it has."""
    text = SMALL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def flaws(text: str) -> tuple[Flaw, ...]:
    """Every flaw of a definition; none where it is valid."""
    try:
        load_definition(text, "small.yaml")
    except DefinitionErrors as found:
        return found.flaws
    return ()


def errors(text: str) -> list[str]:
    """Every flaw of a definition as it is printed."""
    return [f"small.yaml:{one.line}:{one.column}: {one.what}; {one.fix}" for one in flaws(text)]


def place(text: str, behind: int, part: str) -> str:
    """``line:column`` of the first ``part`` at least ``behind`` characters into the text."""
    found = text.index(part, behind)
    return f"{text.count(chr(10), 0, found) + 1}:{found - text.rfind(chr(10), 0, found)}"
