"""Signed tokens: one purpose, letter for letter, and good for years."""

from __future__ import annotations

import base64
import subprocess
import sys
import time

import psycopg
import pytest

from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.outreach import tokens
from retainctl.store.database import rows
from retainctl.store.outreach import SigningKey
from tests.conftest import ROOT

NOW = 1_740_000_000


def test_a_token_says_what_it_was_made_to_say(shop: Shop) -> None:
    token = tokens.signer(NOW).sign("unsubscribe", "17.3 שלום")

    assert tokens.verify(token, "unsubscribe", NOW) == "17.3 שלום"


def test_a_token_is_what_it_always_was_or_the_links_in_old_mails_end(shop: Shop) -> None:
    SigningKey.create(key_id="00000000", secret=bytes(32), created_at=NOW - DAY_SECONDS)
    SigningKey.create(key_id="0a1b2c3d", secret=bytes(range(32)), created_at=NOW)
    token = "v1.0a1b2c3d.OjE3LjM.Jj5H0i0Vu8xbmeowpy2NiaKQ"

    assert tokens.signer(NOW).sign("unsubscribe", "17.3") == token
    assert tokens.verify(token, "unsubscribe", NOW) == "17.3"


def test_every_flipped_bit_is_refused(shop: Shop) -> None:
    token = tokens.signer(NOW).sign("unsubscribe", "17.3")

    for place in range(len(token)):
        for bit in range(8):
            changed = token[:place] + chr(ord(token[place]) ^ 1 << bit) + token[place + 1 :]
            with pytest.raises(BadData):
                tokens.verify(changed, "unsubscribe", NOW)


def test_another_purpose_another_key_and_a_cut_mac_are_refused(shop: Shop) -> None:
    token = tokens.signer(NOW).sign("survey", "17")
    version, key, payload, mac = token.split(".")
    other = tokens.signer(NOW + 200 * DAY_SECONDS).key_id

    assert other != key
    with pytest.raises(BadData):
        tokens.verify(token, "unsubscribe", NOW)
    for forged in (
        f"{version}.{other}.{payload}.{mac}",
        f"{version}.{key}.{payload}.{mac[:-4]}",
        f"{version}.{key}.{payload}.",
        f"{version}.{key}.{payload}",
        f"{version}.{key}.{payload}=.{mac}",
        f"{version}.{key}.{payload}.{mac}=",
        f"{token} ",
        f"{token}\n",
        "",
        "v1...",
        token * 100,
    ):
        with pytest.raises(BadData):
            tokens.verify(forged, "survey", NOW)


def test_a_token_that_is_not_written_as_base64url_writes_it_is_refused(shop: Shop) -> None:
    version, key, payload, mac = tokens.signer(NOW).sign("survey", "1").split(".")
    # The last letter of ":1" carries four bits that say nothing; setting them spells the same bytes.
    twin = payload[:-1] + chr(ord(payload[-1]) + 1)
    assert base64.urlsafe_b64decode(twin + "==") == base64.urlsafe_b64decode(payload + "==") or len(payload) % 4 == 3

    with pytest.raises(BadData):
        tokens.verify(f"{version}.{key}.{twin}.{mac}", "survey", NOW)


def test_an_unsubscribe_link_outlives_three_successions_of_keys(shop: Shop) -> None:
    token = tokens.signer(NOW).sign("unsubscribe", "17")
    for days in (180, 360, 540):
        tokens.signer(NOW + days * DAY_SECONDS).sign("unsubscribe", "18")

    assert len(rows("SELECT key_id FROM signing_keys")) == 4
    assert tokens.verify(token, "unsubscribe", NOW + 3000 * DAY_SECONDS) == "17"


def test_the_same_hour_signs_with_the_same_key_after_newer_ones_were_made(shop: Shop) -> None:
    before = tokens.signer(NOW).sign("unsubscribe", "17")
    tokens.signer(NOW + 200 * DAY_SECONDS).sign("unsubscribe", "17")

    assert tokens.signer(NOW).sign("unsubscribe", "17") == before


def test_a_token_that_may_expire_does(shop: Shop) -> None:
    token = tokens.signer(NOW).sign("survey", "17", expires_at=NOW + 60)

    assert tokens.verify(token, "survey", NOW + 59) == "17"
    with pytest.raises(BadData, match="has expired"):
        tokens.verify(token, "survey", NOW + 60)


def test_a_token_of_the_largest_ids_that_may_expire_is_one(shop: Shop) -> None:
    subject = f"{2**63 - 1}.{2**63 - 2}.{2**63 - 3}"
    token = tokens.signer(NOW).sign("survey", subject, expires_at=NOW + 60)

    assert tokens.verify(token, "survey", NOW) == subject
    assert tokens.found_in(f"https://shop.example/?t={token}&x=1") == token


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has one writer at a time
def test_who_waited_while_another_made_the_key_signs_with_the_other_s(shop: Shop) -> None:
    code = (
        "import sys\nfrom retainctl.outreach.tokens import signer\nfrom retainctl.store.opening import open_database\n"
        "with open_database(sys.argv[1], now=0):\n    print(signer(int(sys.argv[2])).key_id)"
    )
    waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    SigningKey.create(key_id="00000000", secret=bytes(32), created_at=NOW - 200 * DAY_SECONDS)
    with psycopg.connect(shop.settings.database) as other, psycopg.connect(shop.settings.database) as looking:
        looking.autocommit = True
        other.execute("INSERT INTO locks (name) VALUES ('signing_keys') ON CONFLICT DO NOTHING")
        other.commit()
        other.execute("SELECT name FROM locks WHERE name = 'signing_keys' FOR UPDATE")
        words = [sys.executable, "-c", code, shop.settings.database, str(NOW)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            while process.poll() is None and looking.execute(waits).fetchone() == (0,):
                time.sleep(0.02)
            other.execute(
                "INSERT INTO signing_keys (key_id, secret, created_at) VALUES ('0a1b2c3d', %s, %s)", [bytes(32), NOW]
            )
            other.commit()
            assert process.communicate()[0] == "0a1b2c3d\n"
    assert rows("SELECT key_id FROM signing_keys ORDER BY key_id") == [("00000000",), ("0a1b2c3d",)]


def test_a_key_does_not_show_in_a_traceback(shop: Shop) -> None:
    signer = tokens.signer(NOW)

    assert repr(signer.secret) not in repr(signer)
