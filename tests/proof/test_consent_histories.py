"""Random histories of permissions and refusals, over several addresses and merged people: no mail without ground.

Two hundred in every run; ten thousand on each database with ``RETAINCTL_PROOF=full``.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest

from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop
from retainctl.shop import consent
from retainctl.shop.consent import Decision, permissions, record
from retainctl.shop.merging import merge, undo
from retainctl.store.database import database, rows
from retainctl.store.transactions import writing
from tests import past
from tests.planting import plant_address

pytestmark = pytest.mark.proof
HISTORIES, STEPS = (10_000, 12) if os.environ.get("RETAINCTL_PROOF") == "full" else (200, 12)
HALF_A_DAY = DAY_SECONDS // 2
PEOPLE, ADDRESSES = (1, 2, 3), 6  # two addresses each


@dataclass
class Reference:
    """Who may be written to, by the law alone: after the newest refusal of the person, at the address that agreed."""

    owner: dict[int, int] = field(default_factory=lambda: {point: 1 + (point - 1) // 2 for point in range(1, 7)})
    given: list[tuple[int, int]] = field(default_factory=list)  # address, when
    refused: list[tuple[int, int]] = field(default_factory=list)
    dead: set[int] = field(default_factory=set)

    def newest_refusal(self, point: int) -> int:
        return max((at for one, at in self.refused if self.owner[one] == self.owner[point]), default=-1)

    def give(self, point: int, at: int | None, now: int) -> None:
        """Without a date it never overrules a refusal, and adds nothing where the address agreed last."""
        same = [one for one, owner in self.owner.items() if owner == self.owner[point]]
        latest = max((at for one, at in self.given if one in same), default=-1)
        own = max((at for one, at in self.given if one == point), default=-1)
        agreed_last = own > max((at for one, at in self.refused if one == point), default=-1)
        refusal = self.newest_refusal(point)
        if at is not None or (not agreed_last and (refusal < latest or refusal == -1)):
            self.given.append((point, now if at is None else at))

    def refuse(self, point: int, at: int | None, now: int) -> None:
        """Without a date it is of now, and after all that is on file."""
        same = [one for one, owner in self.owner.items() if owner == self.owner[point]]
        latest = max((at for one, at in [*self.given, *self.refused] if one in same), default=-1)
        self.refused.append((point, max(now, latest) if at is None else at))

    def may(self, now: int) -> set[int]:
        agreed = {point for point, at in self.given if self.newest_refusal(point) < at <= now}
        return agreed - self.dead


@contextmanager
def rolled_back() -> Iterator[None]:
    """Whatever the block writes is gone afterwards."""
    with suppress(_Over), database.atomic():
        yield
        raise _Over


class _Over(Exception):
    pass


def decided(point: int, action: str, at: int | None) -> Decision:
    return Decision(point, "marketing", "given" if action == "give" else "revoked", "form", "evidence", at)


def live(shop: Shop, chance: random.Random) -> list[str]:
    """One history; the steps that were taken are the same for the engine and for the reference."""
    told, reference, start = [], Reference(), shop.clock.now()
    merges: list[tuple[int, dict[int, int]]] = []
    for step in range(STEPS):
        here = replace(shop, clock=Clock(shop.clock.zone, start + DAY_SECONDS * step))
        now, point = here.clock.now(), chance.randint(1, ADDRESSES)
        at = chance.choice([None, now - HALF_A_DAY, now - 7 * HALF_A_DAY, now, start - 20 * DAY_SECONDS])
        match chance.choice(["give", "give", "refuse", "give", "refuse", "merge", "undo", "bounce"]):
            case "give":
                record(here, [decided(point, "give", at)])
                reference.give(point, at, now)
            case "refuse":
                record(here, [decided(point, "refuse", at)])
                reference.refuse(point, at, now)
            case "bounce":
                consent.suppress("email", f"p{point}@example.com", "hard_bounce", now, "550")
                reference.dead.add(point)
            case "merge":
                if len(people := sorted(set(reference.owner.values()))) > 1:
                    survivor, merged = chance.sample(people, 2)
                    done = merge(here, survivor_id=survivor, merged_id=merged, reason="one person")
                    merges.append((done.merge_id, dict(reference.owner)))
                    reference.owner = {one: survivor if who == merged else who for one, who in reference.owner.items()}
            case "undo":
                if merges:
                    number, before = merges.pop()
                    undo(here, number)
                    reference.owner = before
        sql, values = permissions(at=now)
        query = f"SELECT contact_point_id FROM ({sql}) AS allowed WHERE purpose = 'marketing'"
        found = {row[0] for row in rows(query, *values)}
        if found != reference.may(now):
            told.append(f"step {step}: written to {found}, ground for {reference.may(now)}")
    return told


def test_nobody_is_written_to_without_ground(shop: Shop) -> None:
    for person in PEOPLE:
        past.customer(person)
    with writing():
        for point, person in Reference().owner.items():
            address = f"p{point}@example.com"
            plant_address(person, address, id=point, value=address, source="shop")
    for seed in range(HISTORIES):
        with rolled_back():
            assert live(shop, random.Random(seed)) == [], f"history {seed}"
