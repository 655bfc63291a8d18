"""What the jobs did, and which host runs one."""

from __future__ import annotations

SCRIPT = """
-- One row a run. A run that was killed has no end; the next run of its job says so.
CREATE TABLE job_runs (
    id INTEGER PRIMARY KEY,
    job TEXT NOT NULL,
    period TEXT NOT NULL,                   -- what it was for: nightly:2026-11-21
    due_at INTEGER NOT NULL,                -- when that period became due
    missed INTEGER NOT NULL DEFAULT 0,      -- earlier periods that it made up for
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    exit_code INTEGER,
    steps_done INTEGER NOT NULL DEFAULT 0,
    counts TEXT NOT NULL DEFAULT '{}',      -- JSON: each step's result row
    error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX job_runs_job ON job_runs (job, due_at);

-- Which host runs a job, and until when it may be believed: flock holds on one host only.
CREATE TABLE job_leases (
    job TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    lease_until INTEGER NOT NULL
) STRICT;
"""

APPEND_ONLY: tuple[str, ...] = ()
