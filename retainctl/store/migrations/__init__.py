"""The schema, numbered and forward only. A migration that has landed is never edited: add the next one.

Each is a module with the subject's SQL, written for SQLite; ``dialect`` says it in PostgreSQL's words.
"""

from __future__ import annotations

from dataclasses import dataclass

from retainctl.store.migrations import m0001_shop, m0002_club, m0003_audience, m0004_outreach, m0005_voice, m0006_jobs


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    script: str
    append_only: tuple[str, ...] = ()


MIGRATIONS = (
    Migration(1, "shop", m0001_shop.SCRIPT, m0001_shop.APPEND_ONLY),
    Migration(2, "club", m0002_club.SCRIPT, m0002_club.APPEND_ONLY),
    Migration(3, "audience", m0003_audience.SCRIPT, m0003_audience.APPEND_ONLY),
    Migration(4, "outreach", m0004_outreach.SCRIPT, m0004_outreach.APPEND_ONLY),
    Migration(5, "voice", m0005_voice.SCRIPT, m0005_voice.APPEND_ONLY),
    Migration(6, "jobs", m0006_jobs.SCRIPT, m0006_jobs.APPEND_ONLY),
)
