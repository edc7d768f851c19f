"""What was recognised, or is left over, and the CRM has no attribute for: no warning on every lead."""

from leadbridge.crm.copper.keys import LEAD_KEYS as COPPER
from leadbridge.crm.draft import Draft, warn_of_unwritten
from leadbridge.crm.leadconnector.keys import LEAD_KEYS as LEADCONNECTOR
from leadbridge.deliver.merging import merged
from leadbridge.lead import Lead
from leadbridge.plan import MatchKey, Plan

LEAD = Lead(email="ann@example.com", message="Please call.", consent=True, other={"Budget": "5000"})


def test_a_rule_that_the_crm_cannot_follow_is_told_and_recognition_is_not() -> None:
    for recognised, told in (((), ["message", "consent"]), (("message", "consent"), []), (("message",), ["consent"])):
        draft = Draft()
        warn_of_unwritten(draft, LEAD, LEADCONNECTOR, recognised=recognised)
        assert [warning.field for warning in draft.warnings] == told


def test_what_is_left_over_is_never_a_warning() -> None:
    draft = Draft()
    warn_of_unwritten(draft, Lead(other={"Budget": "5000"}), COPPER)
    assert draft.warnings == []


def test_leads_that_become_one_call_keep_what_was_recognised_of_each() -> None:
    match = MatchKey(by="email", value="ann@example.com")
    first = Plan(record="contact", lead=LEAD, match=match, recognised=("message", "email"))
    second = first.model_copy(update={"recognised": ("email", "consent")})
    assert merged([first, second], lead_keys=LEADCONNECTOR).recognised == ("message", "email", "consent")
