"""Mailings that were approved and wait in the outbox."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from retainctl.config import Shop
from retainctl.outreach.outbox.queueing import queue
from retainctl.outreach.outbox.states import Candidate, claim
from retainctl.store import installation
from retainctl.store.address_hash import address_hasher
from retainctl.store.database import rows
from retainctl.store.dialect import insert_many, take_ids
from retainctl.store.outreach import Mailing
from retainctl.store.transactions import writing
from tests.outreach.conftest import MakeMailing

QueueUp = Callable[..., Mailing]


@pytest.fixture
def queue_up(shop: Shop, make_mailing: MakeMailing) -> QueueUp:
    """Queue an active mailing to customers who are there already, or to *count* new ones who agreed to it."""
    installation.adopt()

    def make(
        count: int = 3, *, addresses: list[str] | None = None, customer_ids: list[int] | None = None,
        using: Shop = shop, **columns: Any,
    ) -> Mailing:  # fmt: skip
        mailing = make_mailing(using=using, **{key: columns.pop(key) for key in ("purpose",) if key in columns})
        for column, content in columns.items():
            setattr(mailing, column, content)
        mailing.save()
        if customer_ids is None:
            customer_ids = make_customers(using, addresses or [f"person{n}@example.com" for n in range(count)])
        choose(mailing, customer_ids)
        assert queue(using, mailing.id) == len(customer_ids)
        return mailing

    return make


def make_customers(shop: Shop, addresses: list[str]) -> list[int]:
    """A customer for each address, with permission to write."""
    now = shop.clock.now()
    with writing():
        first = take_ids("customers", len(addresses))
        point, hash_of = take_ids("contact_points", len(addresses)), address_hasher()
        ids = [first + n for n in range(len(addresses))]
        insert_many(
            "customers", ("id", "first_name", "created_at"), [(one, f"דנה{n}", now) for n, one in enumerate(ids)]
        )
        insert_many(
            "contact_points", ("id", "customer_id", "kind", "value", "key", "key_hash", "source", "created_at"),
            [
                (point + n, one, "email", address, address.lower(), hash_of("email", address.lower()), "till", now)
                for n, (one, address) in enumerate(zip(ids, addresses, strict=True))
            ],
        )  # fmt: skip
        insert_many(
            "consents",
            ("contact_point_id", "purpose", "action", "happened_at", "recorded_at", "source", "evidence"),
            [
                (point + n, purpose, "given", now - 100, now, "till", "form 17")
                for n in range(len(addresses))
                for purpose in ("marketing", "survey")
            ],
        )
    return ids


def choose(mailing: Mailing, customer_ids: list[int]) -> None:
    """Make the recipients of *mailing* as a plan would, each at their newest address."""
    marks = ", ".join("?" * len(customer_ids))
    points: dict[int, int] = {}
    for start in range(0, len(customer_ids), 500):
        batch = customer_ids[start : start + 500]
        marks = ", ".join("?" * len(batch))
        points |= dict(
            rows(f"SELECT customer_id, MAX(id) FROM contact_points WHERE customer_id IN ({marks}) GROUP BY 1", *batch)
        )
    with writing():
        insert_many(
            "recipients", ("mailing_id", "customer_id", "contact_point_id", "context"),
            [
                (mailing.id, one, points[one], json.dumps({"first_name": "דנה", "name": "דנה לוי", "orders": 5}))
                for one in customer_ids
            ],
        )  # fmt: skip


def by_mail(shop: Shop, *, port: int, **values: Any) -> Shop:
    """*shop*, with a mail server on this machine."""
    here: dict[str, Any] = {"channel": "mail", "host": "127.0.0.1", "port": port, "security": "none"}
    mail = dataclasses.replace(shop.settings.mail, **(here | values))
    return dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, mail=mail))


def states(mailing: Mailing) -> dict[str, int]:
    """How many of the mailing's messages are in each state."""
    return dict(rows("SELECT state, COUNT(*) FROM outbox WHERE mailing_id = ? GROUP BY state", mailing.id))


def take(message_ids: list[int], *, claim_no: int = 0, at: int, by: str, lease_until: int) -> set[int]:
    """Let a sender called *by* claim planned messages; what was claimed before has its bytes already."""
    due = [
        (Candidate(one, claim_no, "planned", 1, 1, "", "", payload=b"x" if claim_no else None), b"x")
        for one in message_ids
    ]
    return claim(due, at=at, by=by, lease_until=lease_until)
