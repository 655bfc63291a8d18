"""``retainctl db``."""

from __future__ import annotations

from pathlib import Path

import click

from retainctl.terminal import Group, note, opened_shop, show, tell

db = Group("db", help="Back up, check and migrate the database; choose which installation sends.")


@db.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    help="How many backups to keep in the same folder, and of how many days the last one; older ones are deleted.",
)
def backup(file: Path | None, keep: int | None) -> None:
    """Back up the database while it is in use, and verify the backup.

    Without FILE the backup goes to the shop's backups folder, named by the time. It contains personal data: keep it
    safe.

    \b
      retainctl db backup --keep 14
    """
    from retainctl.shop.backup import Backup, back_up

    with opened_shop(older=True, output=file) as shop:
        show([back_up(shop, file, keep=keep)], row_type=Backup)


@db.command()
def check() -> None:
    """Check the database; print nothing when it is intact.

    On SQLite the file, the indexes and the references are checked. On PostgreSQL every row and every reference is
    checked, and the indexes if the extension amcheck is installed.
    """
    from retainctl.shop import backup

    with opened_shop(older=True) as shop:
        note(backup.check(shop))


@db.command()
def migrate() -> None:
    """Migrate an older database to this program's version, or create the database of a new shop."""
    with opened_shop(migrate=True):
        note("the database is up to date")


@db.command()
@click.option(
    "--restored",
    is_flag=True,
    help="Adopt even if this installation seems to send already: the whole machine was restored.",
)
def adopt(restored: bool) -> None:
    """Let this installation send from now on, after a backup was restored or the shop was moved.

    The installation that sent before must no longer send, or customers get everything twice. Messages that it may have
    sent since the backup become unknown, until you settle them with outbox resolve.
    """
    from retainctl.outreach.outbox import adopting

    with opened_shop() as shop:
        done = adopting.adopt(shop, restored=restored)
    tell(done)
