"""The schema, numbered and forward only. A migration that has landed is never edited: add the next one.

Each is a module whose ``up`` is handed the ``Schema``. Its SQL is written for SQLite, which ``dialect`` says in
PostgreSQL's words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from retainctl.store.migrations import (
    m0001_ground,
    m0002_shop,
    m0003_club,
    m0004_audience,
    m0005_outreach,
    m0006_voice,
    m0007_gift_cards,
    m0008_digest,
    m0009_reinstatements,
    m0010_held_returns,
)
from retainctl.store.schema import Schema


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema. ``transactional`` is False only for what no transaction can hold, such as VACUUM."""

    number: int
    name: str
    up: Callable[[Schema], None]
    transactional: bool = True


MIGRATIONS = (
    Migration(1, "ground", m0001_ground.up),
    Migration(2, "shop", m0002_shop.up),
    Migration(3, "club", m0003_club.up),
    Migration(4, "audience", m0004_audience.up),
    Migration(5, "outreach", m0005_outreach.up),
    Migration(6, "voice", m0006_voice.up),
    Migration(7, "shop_gift_cards", m0007_gift_cards.up),
    Migration(8, "outreach_digest", m0008_digest.up),
    Migration(9, "shop_reinstatements", m0009_reinstatements.up),
    Migration(10, "ground_held_returns", m0010_held_returns.up),
)


def append_only_tables() -> list[str]:
    """The tables whose rows the migrations let nobody change."""
    read = _Read()
    for migration in MIGRATIONS:
        migration.up(read)
    return read.append_only_tables


@dataclass(slots=True)
class _Read(Schema):
    """Reads the migrations, and does nothing to a database."""

    append_only_tables: list[str] = field(default_factory=list)

    def create(self, script: str) -> None: ...

    def execute(self, sql: str, *values: object) -> None: ...

    def sql(self, *, sqlite: str, postgres: str) -> None: ...

    def rebuild(self, table: str, script: str, *, columns: Mapping[str, str] | None = None) -> None: ...

    def append_only(self, table: str, *, erased: Mapping[str, str] | None = None) -> None:  # noqa: ARG002
        self.append_only_tables.append(table)
