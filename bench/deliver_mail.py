"""Handing mail to a server on this machine, against smtplib on one connection that writes nothing down.

The server is ``smtp-sink`` of Debian's postfix package (no installation is needed: unpack it, and name the folder in
POSTFIX). ``python -m bench.deliver_mail`` runs it all; the other words are the processes it starts.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import re
import shutil
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench.measure import Run, race, run
from retainctl.config import read_shop
from retainctl.outreach.composing import templates_of
from retainctl.outreach.outbox.queueing import queue
from retainctl.outreach.outbox.states import Candidate
from retainctl.outreach.rendering import Press
from retainctl.store import installation
from retainctl.store.dialect import insert_many
from retainctl.store.opening import open_database
from retainctl.store.outreach import Mailing
from retainctl.store.transactions import writing

MESSAGES, FAR_MESSAGES, MANY_MESSAGES, ROUNDS = 3_000, 200, 100_000, 3
NOW = "2025-03-02T10:00"
ONE_WAY_SECONDS = 0.010
BODY = "שלום {{ first_name }},\n\n" + "קפה טרי הגיע לחנות, ויש לו ריח של בוקר. בואו לטעום אצלנו השבוע.\n\n" * 18


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary, sink() as port, far_away(port) as far_port:
        near, far = Path(temporary) / "near", Path(temporary) / "far"
        size = make_shop(near, port=port, count=MESSAGES)
        make_shop(far, port=far_port, count=FAR_MESSAGES)
        race(
            "Handing over mail on this machine",
            {
                "smtplib, one connection, nothing written down": lambda: plain(near, port),
                "retainctl, 1 connection, printed before": lambda: deliver(near, connections=1, printed=True),
                "retainctl, 8 connections, printed before": lambda: deliver(near, connections=8, printed=True),
                "retainctl, 8 connections, printed on the way": lambda: deliver(near, connections=8, printed=False),
            },
            rounds=ROUNDS,
            work=f"{MESSAGES:,} messages of {size:,} bytes each, start of Python and all. retainctl claims each, asks"
            " consent, budget and hour again, marks it durably (synchronous FULL) before the final dot, and marks its"
            " answer.",
        )
        race(
            f"The same at {2_000 * ONE_WAY_SECONDS:g} ms a round trip",
            {
                "smtplib": lambda: plain(far, far_port),
                "retainctl, 1 connection, no PIPELINING": lambda: deliver(far, connections=1, pipelining=False),
                "retainctl, 1 connection": lambda: deliver(far, connections=1),
                "retainctl, 8 connections": lambda: deliver(far, connections=8),
            },
            rounds=ROUNDS,
            work=f"{FAR_MESSAGES:,} messages.",
        )
        many = Path(temporary) / "many"
        make_shop(many, port=port, count=MANY_MESSAGES, printed=False)
        show_memory(many)


def plain(shop: Path, port: int) -> Run:
    return run([sys.executable, "-m", "bench.deliver_mail", "plain", shop / "messages", str(port)])


def deliver(shop: Path, *, connections: int, printed: bool = True, pipelining: bool = True) -> Run:
    """Deliver from a fresh copy of *shop*; making the copy is not timed."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "shop"
        shutil.copytree(shop, copy, ignore=shutil.ignore_patterns("messages"))
        write_settings(copy, f"connections = {connections}\npipelining = {json.dumps(pipelining)}\n")
        opened = read_shop(str(copy), now=NOW)
        with open_database(opened.database_url, now=0, migrate=True), writing():
            installation.adopt()
            if not printed:
                from retainctl.store.database import execute

                execute("DELETE FROM payloads")
        return run(delivering(copy))


def delivering(shop: Path) -> list[str | Path]:
    return [sys.executable, "-m", "retainctl", "--shop", shop, "--now", NOW, "outbox", "deliver"]


def write_settings(shop: Path, settings: str) -> None:
    """Add *settings* to what stands under ``[mail]``."""
    path = shop / "retainctl.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[mail]\n", f"[mail]\n{settings}"), encoding="utf-8")


def show_memory(shop: Path) -> None:
    """Deliver from *shop*, and print what the process holds after each tenth of it."""
    write_settings(shop, "connections = 8\n")
    print(f"\n### Memory while {MANY_MESSAGES:,} messages are printed and handed over\n\n| sent | MiB |\n|---|---|")
    process, told = subprocess.Popen(delivering(shop), stdout=subprocess.DEVNULL), 0
    with closing(sqlite3.connect(shop / "retain.db")) as database:
        while process.poll() is None:
            time.sleep(0.2)
            (sent,) = database.execute("SELECT COUNT(*) FROM outbox WHERE handed_at > 0").fetchone()
            if sent >= told and (
                found := re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
            ):
                print(f"| {sent:,} | {int(found[1]) / 1024:.0f} |", flush=True)
                told += MANY_MESSAGES // 10


def make_shop(folder: Path, *, port: int, count: int, printed: bool = True) -> int:
    """A shop with an active mailing to *count* customers, its messages printed; returns a message's size."""
    run([sys.executable, "-m", "retainctl", "init", folder, "--language", "he"])
    write_settings(folder, f'channel = "mail"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n')
    path = folder / "retainctl.toml"
    text = path.read_text(encoding="utf-8").replace('from_address = ""\n', 'from_address = "shop@shop.example"\n')
    path.write_text(text, encoding="utf-8")
    shop = read_shop(str(folder), now=NOW)
    ids = range(1, count + 1)
    with open_database(shop.database_url, now=0, migrate=True), writing():
        insert_many("customers", ("id", "first_name", "created_at"), ((one, f"דנה {one}", 0) for one in ids))
        insert_many(
            "contact_points",
            ("id", "customer_id", "kind", "value", "key", "key_hash", "source", "created_at"),
            (
                (one, one, "email", f"p{one}@example.com", f"p{one}@example.com", one.to_bytes(16), "till", 0)
                for one in ids
            ),
        )
        insert_many(
            "consents",
            ("contact_point_id", "purpose", "action", "happened_at", "recorded_at", "source", "evidence"),
            ((one, "marketing", "given", 0, 0, "till", "form") for one in ids),
        )
        templates = templates_of(shop, subject="מבצע", reason="קניתם אצלנו.", body=BODY, purpose="marketing")
        mailing = Mailing.create(
            program="campaign",
            name="spring",
            class_="marketing",
            purpose="marketing",
            state="active",
            draft="",
            templates=templates.to_json(),
            plan_hash="",
            planned_at=0,
        )
        insert_many(
            "recipients",
            ("mailing_id", "customer_id", "contact_point_id", "context"),
            ((mailing.id, one, one, json.dumps({"first_name": f"דנה {one}", "name": f"דנה {one}"})) for one in ids),
        )
        queue(shop, mailing.id)
        return print_messages(folder, Press(mailing)) if printed else 0


def print_messages(folder: Path, press: Press) -> int:
    from retainctl.store.database import execute, rows

    messages = []
    for message_id, customer_id, address, global_id in rows(
        "SELECT id, customer_id, to_address, message_id FROM outbox ORDER BY id"
    ):
        context = {"first_name": f"דנה {customer_id}", "name": f"דנה {customer_id}"}
        payload = press.message(
            Candidate(message_id, 0, "planned", customer_id, customer_id, address, global_id, context=context), at=0
        )
        execute("INSERT INTO payloads (outbox_id, bytes) VALUES (?, ?)", message_id, payload)
        messages.append((address, payload))
    (folder / "messages").write_bytes(pickle.dumps(messages))
    return len(messages[0][1])


@contextmanager
def sink() -> Iterator[int]:
    """``smtp-sink`` while the block runs."""
    unpacked = Path(os.environ.get("POSTFIX", "/"))
    program = unpacked / "usr/sbin/smtp-sink"
    if not program.exists():
        sys.exit("smtp-sink is missing: apt-get download postfix, dpkg -x postfix*.deb FOLDER, then POSTFIX=FOLDER")
    port = free_port()
    environment = os.environ | {"LD_LIBRARY_PATH": str(unpacked / "usr/lib/postfix")}
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *user, f"127.0.0.1:{port}", "256"], env=environment)
    wait_for(port)
    yield port
    process.terminate()
    process.wait()


@contextmanager
def far_away(port: int) -> Iterator[int]:
    """The same server, ten milliseconds away in each direction, while the block runs."""
    far_port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.deliver_mail", "proxy", str(far_port), str(port)])
    wait_for(far_port)
    yield far_port
    process.terminate()
    process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit(f"nothing listens on port {port}")


async def proxy(listen_on: int, port: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(late(reader, there_writer), late(there_reader, writer))

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65_536):
            loop.call_later(ONE_WAY_SECONDS, writer.write, data)
        loop.call_later(ONE_WAY_SECONDS, writer.close)

    server = await asyncio.start_server(serve, "127.0.0.1", listen_on)
    await server.serve_forever()


def send_plainly(messages: list[tuple[str, bytes]], port: int) -> None:
    connection = smtplib.SMTP("127.0.0.1", port, local_hostname="localhost")
    for address, payload in messages:
        connection.sendmail("shop@shop.example", [address], payload)
    connection.quit()


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            main()
        case ["plain", path, port]:
            send_plainly(pickle.loads(Path(path).read_bytes()), int(port))
        case ["proxy", listen_on, port]:
            asyncio.run(proxy(int(listen_on), int(port)))
