"""Which meeting is it? Pure decisions: accounts of meetings go in, a partition and its named reasons come out.

Identity is people and offices x days x place. An account is one article's report; a known meeting is the sum of its accounts,
so what one outlet adds (a name, a day) is known when the next one is compared.

    accounts -> arrange -> groups of accounts, one per meeting -> summarize -> the facts of each meeting

    names  seats     is this the same person, office, body?
    accounts         which days does a report allow for, and under which keys is it found?
    known  verdict   are these of one meeting, and why not?
    arranging        the groups: they depend on the accounts alone and not on the order in which they came
    facts  copies    what a group comes to, and how many independent voices tell it

Days are local days at the place of the meeting; times are UTC.
"""

from pipelines.identity.accounts import (
    ANY_TIME,
    LONGEST,
    SLACK,
    Account,
    Standing,
    Traces,
    Window,
    city_key,
    is_loose,
    is_wide,
    order_of,
    tier_of,
    traces_of,
    window_of,
)
from pipelines.identity.arranging import Ruling, arrange
from pipelines.identity.copies import Telling, copies, family_of, independent_reports
from pipelines.identity.facts import MeetingFacts, headline, merge_participants, opens_a_record, status_of, summarize
from pipelines.identity.known import KnownMeeting, add, alone, apart_from_article, known_meeting, sameness
from pipelines.identity.names import NAME_AT, name_likeness, skeletons
from pipelines.identity.seats import (
    BODY,
    CLASH,
    COUNTRY,
    KIND,
    NAME,
    NOTHING,
    PERSON,
    Seat,
    seat_likeness,
    seat_of,
    seats_of,
)
from pipelines.identity.verdict import Verdict, compare, could_be_one

__all__ = [
    "ANY_TIME",
    "BODY",
    "CLASH",
    "COUNTRY",
    "KIND",
    "LONGEST",
    "NAME",
    "NAME_AT",
    "NOTHING",
    "PERSON",
    "SLACK",
    "Account",
    "KnownMeeting",
    "MeetingFacts",
    "Ruling",
    "Seat",
    "Standing",
    "Telling",
    "Traces",
    "Verdict",
    "Window",
    "add",
    "alone",
    "apart_from_article",
    "arrange",
    "city_key",
    "compare",
    "copies",
    "could_be_one",
    "family_of",
    "headline",
    "independent_reports",
    "is_loose",
    "is_wide",
    "known_meeting",
    "merge_participants",
    "name_likeness",
    "opens_a_record",
    "order_of",
    "sameness",
    "seat_likeness",
    "seat_of",
    "seats_of",
    "skeletons",
    "status_of",
    "summarize",
    "tier_of",
    "traces_of",
    "window_of",
]
