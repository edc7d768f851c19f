"""OAuth: access tokens for the adapters that have a `grant`, refreshed once across all processes."""

from leadbridge.errors import GrantLost, TokenUnavailable
from leadbridge.tokens.exchange import Exchange, Issued, Refusal
from leadbridge.tokens.keeper import TokenKeeper
from leadbridge.tokens.sealing import Sealing
from leadbridge.tokens.vault import Vault

__all__ = ["Exchange", "GrantLost", "Issued", "Refusal", "Sealing", "TokenKeeper", "TokenUnavailable", "Vault"]
