"""``retainctl db``."""

from __future__ import annotations

from retainctl.terminal import Group, note, opened_shop

db = Group("db", help="Back up, check and migrate the database.")


@db.command()
def migrate() -> None:
    """Bring an older database up to this program's version."""
    with opened_shop(migrate=True):
        note("the database is up to date")
