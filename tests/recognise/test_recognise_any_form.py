"""Recognition of forms that nobody would make: it never fails, loses nothing and invents nothing."""

import json
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from leadbridge.events import Event, FieldType
from leadbridge.lead import LEAD_KEYS
from leadbridge.recognise import recognise
from tests.recognise.corpus import CASES, cases_in

FORMS = cases_in(CASES)
LABELS = st.one_of(st.sampled_from(sorted({name for form in FORMS for name in form.fields})), st.text(max_size=40))
TEXTS = [value for form in FORMS for value in form.fields.values() if isinstance(value, str)]
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=60))
VALUES = st.one_of(st.sampled_from(TEXTS), LEAVES, st.lists(LEAVES, max_size=3))


def is_blank(value: Any) -> bool:
    return value in (None, []) or (isinstance(value, str) and not value.strip())


@given(
    st.dictionaries(LABELS, VALUES, max_size=10),
    st.sampled_from(get_args(FieldType)),
    st.sampled_from(["US", "JP", "IT"]),
)
def test_whatever_a_form_holds_is_used_or_kept(fields: dict[str, Any], kind: FieldType, region: str) -> None:
    event = Event(fields=fields, raw=fields, types=dict.fromkeys(list(fields)[:3], kind))
    result = recognise(event, region=region)
    used = {finding.field for finding in result.used}
    assert {name for name, value in fields.items() if not is_blank(value)} <= used | result.other.keys()
    assert {finding.target.partition(".")[0] for finding in result.used} >= result.lead.keys() - {"name"}
    assert result.lead.keys() <= set(LEAD_KEYS)
    assert all(0 < finding.sure <= 1 for finding in result.used)
    json.dumps(dict(result.lead))
