"""Acme CRM: people, found by their e-mail address."""

from typing import Final

from leadbridge.crm.registry import CrmKind
from leadbridge_acme.crm.adapter import Acme
from leadbridge_acme.crm.settings import AcmeSettings

KIND: Final = CrmKind(name="acme", title="Acme CRM", settings=AcmeSettings, adapter=Acme)
