"""What tests of the keeper look at: what is stored, and whether a token works."""

import httpx

from leadbridge.tokens.vault import Kept

from .vendors import NAME, Ring

TOKEN = "/oauth/token"
TO_MEND = "leadbridge connect leadconnector dallas"


async def stored(crm: Ring) -> Kept:
    """What is on disk."""
    vault = crm.vault()
    kept = await vault.kept(NAME)
    await vault.close()
    assert kept is not None
    return kept


async def works(crm: Ring, token: str, location: str = "LOC1") -> bool:
    """Whether the CRM takes an access token."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(crm.sandbox.app), base_url="http://crm.test") as client:
        headers = {"authorization": f"Bearer {token}", "version": "2021-07-28"}
        answer = await client.get(
            "/leadconnector/contacts/search/duplicate",
            params={"locationId": location, "email": "a@b.test"},
            headers=headers,
        )
    return answer.status_code == 200
