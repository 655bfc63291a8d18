"""``retainctl db``."""

from __future__ import annotations

from pathlib import Path

import click

from retainctl.terminal import Group, note, opened_shop, show, tell

db = Group("db", help="Back up, check and migrate the database; say which installation sends.")


@db.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--keep", type=click.IntRange(min=1), help="Of the backups in the same folder, keep the newest N.")
def backup(file: Path | None, keep: int | None) -> None:
    """Copy the database while it is in use, check the copy, and only then give it its name.

    Without FILE the copy goes to the shop's backups folder, named by the time. It holds personal data: keep it safe.

    \b
      retainctl db backup --keep 14
    """
    from retainctl.shop.backup import Backup, back_up

    with opened_shop(older=True, output=file) as shop:
        show([back_up(shop, file, keep=keep)], row_type=Backup)


@db.command()
def check() -> None:
    """Check the database; print nothing when it is sound.

    SQLite's file, indexes and references are checked. On PostgreSQL every row is read and every reference is followed,
    and its indexes are checked where its extension amcheck is installed.
    """
    from retainctl.shop import backup

    with opened_shop(older=True) as shop:
        note(backup.check(shop))


@db.command()
def migrate() -> None:
    """Bring an older database up to this program's version, or make the one that a new shop's file names."""
    with opened_shop(migrate=True):
        note("the database is up to date")


@db.command()
@click.option("--restored", is_flag=True, help="Even if it seems to send already: all was put back as it was.")
def adopt(restored: bool) -> None:
    """Say that this installation sends from now on, after a backup was restored or the shop was moved.

    The installation that sent before must send no more, or customers get everything twice. What it may have sent since
    the backup is held as unknown, until you settle it with outbox resolve.
    """
    from retainctl.outreach.outbox import adopting

    with opened_shop() as shop:
        done = adopting.adopt(shop, restored=restored)
    tell(done)
