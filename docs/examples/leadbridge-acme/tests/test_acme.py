"""The source and the CRM keep leadbridge's contracts; what is missing is named with what to do about it."""

from importlib.resources import files

from leadbridge import testing
from leadbridge.crm import contract
from leadbridge_acme import crm, forms


def test_the_source_keeps_the_contract_of_sources() -> None:
    assert testing.complaints(forms.PRESET, files(forms)) == []


def test_the_crm_keeps_the_contract_of_crms() -> None:
    assert contract.complaints(crm.KIND) == []
