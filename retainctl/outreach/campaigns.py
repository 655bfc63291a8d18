"""The shop's campaigns and their states."""

from __future__ import annotations

from typing import Literal

from retainctl.config import Shop
from retainctl.errors import RetainError
from retainctl.outreach.campaign_texts import CampaignKind
from retainctl.outreach.drafts import CAMPAIGNS
from retainctl.outreach.planning import SHOWN_HASH, latest
from retainctl.outreach.programs import FileState
from retainctl.rows import Row
from retainctl.store.database import value


class CampaignRow(Row, kind="campaign", spare="hash type"):
    """One campaign; its state is ``draft`` before the first plan, then planned, approved, active or paused;
    ``faulty`` where its file cannot be read."""

    name: str
    type: CampaignKind | Literal[""]
    audience: str
    state: FileState
    hash: str
    planned_at: str | None
    recipients: int


def list_campaigns(shop: Shop) -> list[CampaignRow]:
    """Every campaign that has a file."""
    return [_row(shop, name) for name in CAMPAIGNS.names(shop.folder)]


def _row(shop: Shop, name: str) -> CampaignRow:
    try:
        front = CAMPAIGNS.read(shop, name).value.front
    except RetainError:
        return CampaignRow(name, "", "", "faulty", "", None, 0)
    mailing = latest("campaign", name)
    if mailing is None:
        return CampaignRow(name, front.kind, front.audience, "draft", "", None, 0)
    recipients = value("SELECT COUNT(*) FROM recipients WHERE mailing_id = ? AND excluded = ''", mailing.id)
    return CampaignRow(
        name,
        front.kind,
        front.audience,
        mailing.stands,
        mailing.plan_hash[:SHOWN_HASH],
        shop.clock.iso(mailing.planned_at),
        int(recipients),
    )
