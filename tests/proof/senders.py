"""Processes of their own that deliver: started in a few milliseconds, killed at any.

They come from a server that has imported the program and has one thread, so that a thousand kills take a minute and no
test's thread is copied into them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from multiprocessing.process import BaseProcess
from pathlib import Path

from retainctl.config import read_shop
from retainctl.outreach.outbox.delivering import deliver
from retainctl.store.opening import open_database
from tests.conftest import NOW

FULL = os.environ.get("RETAINCTL_PROOF") == "full"

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.proof.senders", "retainctl.outreach.channels.mail.pool", "psycopg"])


def send(folder: Path, limit: int | None = None) -> None:
    """Deliver what is due in the shop at *folder*."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    shop = read_shop(str(folder), now=NOW)
    with open_database(shop.database_url, now=shop.clock.now()):
        deliver(shop, limit=limit)


def sender(folder: Path, limit: int | None = None) -> BaseProcess:
    """A process that delivers, started."""
    process = processes.Process(target=send, args=(folder, limit), daemon=True)
    process.start()
    return process


def write_mail_settings(folder: Path, *, port: int, connections: int = 4, daily_cap: int = 0) -> None:
    """Let the shop send by a server on this machine."""
    path = folder / "retainctl.toml"
    text = path.read_text(encoding="utf-8")
    settings = (
        f'[mail]\nchannel = "mail"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nconnections = {connections}\n'
        f"daily_cap = {daily_cap}\n"
    )
    path.write_text(text.replace("[mail]\n", settings), encoding="utf-8")
