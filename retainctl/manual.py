"""The pages of the documents that ``retainctl help TOPIC`` shows: what stands in docs/ is installed as it is."""

from __future__ import annotations

from typing import Final

# Topic -> its page in docs/, and what it says. No topic is called as a command is.
TOPICS: Final[dict[str, tuple[str, str]]] = {
    "tutorial": ("tutorial.md", "A campaign, step by step."),
    "orders-files": ("how-to/orders.md", "Files of orders: the known formats, and mapping any other."),
    "templates": ("how-to/campaigns.md", "Write a campaign: its file, its values, its languages."),
    "mail": ("how-to/mail.md", "Send mail, and read what comes back."),
    "deploy": ("how-to/deploy.md", "Install it for good, upgrade it, remove it."),
    "cron": ("how-to/cron.md", "Run the jobs from cron or systemd."),
    "backup": ("how-to/backup.md", "Back up and restore."),
    "postgresql": ("how-to/postgresql.md", "Use PostgreSQL."),
    "pipeline": ("how-to/pipeline.md", "Check figures in a build pipeline."),
    "pages": ("how-to/reports.md", "Reports as pages: send them on, build them all, the weekly digest."),
    "upgrade": ("how-to/upgrade.md", "Upgrade the program and the database."),
    "columns": ("reference/columns.md", "The columns that imports know."),
    "dates": ("reference/dates.md", "Dates and times: how they are written and read."),
    "environment": ("reference/environment.md", "The variables that are read: RETAINCTL_SHOP and others."),
    "exit-codes": ("reference/exit-codes.md", "What each exit code says."),
    "files": ("reference/files.md", "The files of segments, campaigns and surveys."),
    "formats": ("reference/formats.md", "Tables, JSON, CSV and the others; what a script may rely on."),
    "json": ("reference/json.md", "The keys of JSON, by the kind of what is printed."),
    "money": ("reference/money.md", "Money, currencies and points."),
    "segment-language": ("reference/segments.md", "The language that says who is in a segment."),
    "settings": ("reference/settings.md", "Every setting of retainctl.toml, club.toml and jobs.toml."),
}


def page(topic: str) -> str:
    """The page of *topic*, in Markdown."""
    from importlib.resources import files

    return files("retainctl.docs").joinpath(TOPICS[topic][0]).read_text(encoding="utf-8")
