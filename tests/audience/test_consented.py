"""The segment, the list and the plan say the same of who may be written to, and a small oracle says it too."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest

from retainctl.audience import segments
from retainctl.config import Shop
from retainctl.shop.consent import Purpose, contacts
from retainctl.shop.consent_history import list_consent
from retainctl.store.address_hash import address_hasher
from retainctl.store.dialect import insert_many
from retainctl.store.transactions import writing
from tests.reach import contactable

CUSTOMERS = 400
PURPOSES: tuple[Purpose, ...] = ("marketing", "survey")


class Point(NamedTuple):
    """An address with all that was ever said there: (purpose, action, at), and (reason, at)."""

    id: int
    customer_id: int
    kind: str
    flag: str
    decisions: list[tuple[str, str, int]]
    suppressions: list[tuple[str, int]]


@pytest.mark.parametrize("seed", [1, 2])
def test_segment_list_and_plan_agree_over_random_histories(shop: Shop, seed: int) -> None:
    now = shop.clock.now()
    points = histories(random.Random(seed), now)
    write(points)
    for purpose in PURPOSES:
        expected = {one.id for one in points if one.kind == "email" and may(one, points, purpose, now)}
        people = {one.customer_id for one in points if one.id in expected}
        assert 20 < len(people) < CUSTOMERS - 20

        everybody = list(range(1, CUSTOMERS + 1))
        plan = contactable(everybody, purpose=purpose, at=now)
        assert {one for one, found in plan.items() if not isinstance(found, str)} == people
        known = contacts(everybody, purpose=purpose, at=now)
        assert {one.contact_point_id for found in known.values() for one in found if not one.objection} == expected

        assert set(segments.matching_ids(shop, f"consented {purpose}")) == people

    listed = {(one.address, one.purpose) for one in list_consent(shop, limit=10_000) if one.state == "given"}
    assert listed == {
        (f"{one.kind}{one.id}", purpose) for one in points for purpose in PURPOSES if may(one, points, purpose, now)
    }


def histories(chance: random.Random, now: int) -> list[Point]:
    """Some addresses for each customer, some words at each; instants meet, and some lie ahead."""
    points: list[Point] = []
    for customer_id in range(1, CUSTOMERS + 1):
        for _ in range(chance.choice([1, 1, 2, 3])):
            words = {
                (chance.choice(PURPOSES), chance.choice(["given", "given", "revoked"]), now + chance.randint(-9, 2))
                for _ in range(chance.randint(0, 4))
            }
            reasons = [
                (chance.choice(["hard_bounce", "complaint", "unsubscribed", "by_hand"]), now - chance.randint(0, 9))
            ]
            points.append(
                Point(
                    len(points) + 1, customer_id, chance.choice(["email", "email", "phone"]),
                    chance.choice(["", "", "", "role"]), sorted(words), reasons if chance.random() < 0.2 else [],
                )
            )  # fmt: skip
    return points


def may(point: Point, points: list[Point], purpose: str, now: int) -> bool:
    """The rule, said plainly."""
    if point.flag or any(reason in ("hard_bounce", "complaint") for reason, _ in point.suppressions):
        return False
    refusals = [
        at
        for other in points
        if (other.customer_id, other.kind) == (point.customer_id, point.kind)
        for at in (
            *(at for what, action, at in other.decisions if (what, action) == (purpose, "revoked")),
            *(at for reason, at in other.suppressions if reason != "hard_bounce"),
        )
    ]
    given = [at for what, action, at in point.decisions if (what, action) == (purpose, "given") and at <= now]
    return bool(given) and max(given) > max(refusals, default=-1)


def write(points: list[Point]) -> None:
    hash_of = address_hasher()
    with writing():
        insert_many("customers", ("id", "created_at"), [(one, 0) for one in range(1, CUSTOMERS + 1)])
        insert_many(
            "contact_points", ("id", "customer_id", "kind", "value", "key", "key_hash", "flag", "source", "created_at"),
            [
                (one.id, one.customer_id, one.kind, key, key, hash_of(one.kind, key), one.flag, "till", 0)
                for one in points
                for key in [f"{one.kind}{one.id}"]
            ],
        )  # fmt: skip
        insert_many(
            "consents", ("contact_point_id", "purpose", "action", "happened_at", "recorded_at", "source", "evidence"),
            [(one.id, *word, 0, "till", "form") for one in points for word in one.decisions],
        )  # fmt: skip
        insert_many(
            "suppressions", ("kind", "key_hash", "reason", "suppressed_at", "evidence"),
            [
                (one.kind, hash_of(one.kind, f"{one.kind}{one.id}"), *word, "told")
                for one in points
                for word in one.suppressions
            ],
        )  # fmt: skip
