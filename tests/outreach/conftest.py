"""Mailings to render, without a plan behind them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from retainctl.config import Shop
from retainctl.outreach.composing import templates_of
from retainctl.store.outreach import Mailing

MakeMailing = Callable[..., Mailing]


@pytest.fixture
def make_mailing(shop: Shop) -> MakeMailing:
    """Make the row of a mailing with this subject and body."""

    def make(
        *,
        subject: str = "מבצע לחברי המועדון",
        body: str = "שלום {{ first_name }},\n\nיש לנו קפה חדש.\n",
        reason: str = "קיבלת את ההודעה כי קנית אצלנו {{ orders }} פעמים.",
        purpose: str = "marketing",
        program: str = "campaign",
        using: Shop = shop,
    ) -> Mailing:
        templates = templates_of(using, subject=subject, reason=reason, body=body, purpose=purpose)
        return Mailing.create(
            program=program, name="spring", class_="transactional" if purpose == "service" else "marketing",
            purpose=purpose, state="active", templates=templates.to_json(), plan_hash="",
            planned_at=shop.clock.now(),
        )  # fmt: skip

    return make
