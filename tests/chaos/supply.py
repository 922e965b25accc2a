"""The works from which everything is bought: let in as a supplier, and given the account that its people use."""

from uuid import uuid4

from tests.chaos.senders import Asker
from tests.proof.client import Json
from tests.proof.rig import Rig

CODE, PARTNER = "V-100", "works"
SCOPES = ("suppliers:read", "suppliers:write")
WHY = "its test orders came right"


async def works(rig: Rig, address: str, *, buyer: Asker, approver: Asker) -> str:
    """Active from now on, and its people are at work; how orders name it."""
    client_id, client_secret = await _partner(rig)
    body = {"code": CODE, "name": "Lamp works", "currency": "GBP", "partner_id": PARTNER}
    made = await _done(buyer, "/v1/suppliers", body)
    supplier_id = str(made["supplier_id"])
    for status in ("onboarding", "certified"):
        await _done(buyer, f"/v1/suppliers/{supplier_id}/status", {"status": status, "reason": WHY})
    await _done(approver, f"/v1/suppliers/{supplier_id}/approve", {"reason": WHY})
    account = {"base_url": address, "client_id": client_id, "client_secret": client_secret}
    (await rig.sandbox.post("/supplier/_account", json=account)).raise_for_status()
    return supplier_id


async def _partner(rig: Rig) -> tuple[str, str]:
    scopes = [option for scope in SCOPES for option in ("--scope", scope)]
    await rig.run(f"partner-{PARTNER}", "partners", "add", PARTNER, "--plan", "internal", *scopes)
    log = (rig.home / f"partner-{PARTNER}.log").read_text()
    told = dict(line.split()[:2] for line in log.splitlines() if line.strip())
    return told["client_id"], told["client_secret"]


async def _done(who: Asker, path: str, body: Json) -> Json:
    answer = await who.says(path, body, uuid4().hex)
    assert answer.is_success, answer.text
    found: Json = answer.json()
    return found
