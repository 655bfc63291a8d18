"""``retainctl points`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retainctl import cli
from retainctl.config import Shop
from retainctl.store.database import execute
from tests.club.building import DAY, customer, order, set_terms, transactions
from tests.club.test_checking import an_intruder
from tests.conftest import Ended, Terminal


@pytest.fixture
def earning(retainctl: Terminal, shop: Shop) -> Terminal:
    """The command line in a shop with an order of yesterday."""
    order(shop, 1, [12_990], at=shop.clock.now() - DAY)
    return retainctl


def test_the_way_of_a_point(earning: Terminal) -> None:
    award = "orders\torders_awarded\tpoints_earned\torders_taken_back\tpoints_taken_back\torders_held\n"
    booking = "customer_id\tbooked\tpoints\tvalue_minor\tcurrency\tavailable\trepeated\n"
    assert earning("points", "award", "--dry-run") == Ended(0, f"{award}1\t1\t129\t0\t0\t0\n", "")
    assert earning("points", "award") == Ended(0, f"{award}1\t1\t129\t0\t0\t0\n", "")
    assert earning("points", "award") == Ended(0, f"{award}0\t0\t0\t0\t0\t0\n", "")
    redeem = ("points", "redeem", "1", "100", "--source", "basket:1")
    assert earning(*redeem) == Ended(0, f"{booking}1\tredemption\t100\t100\tILS\t29\tno\n", "")
    assert earning(*redeem) == Ended(0, f"{booking}1\tredemption\t100\t100\tILS\t29\tyes\n", "")
    assert earning("points", "balance", "1").stdout.splitlines()[1] == "1\t29\t0\t0\t29\tILS"
    assert earning("points", "explain", "--order", "web:W1").stdout.splitlines()[1] == (
        "web:W1\t1\tspend\t1\t129.90 ILS × 1 = 129.9\t129"
    )
    assert earning("points", "statement", "1").stdout.splitlines()[-1].startswith("closing\t29\t29\t")
    assert earning("points", "check") == Ended(0, "", "")


def test_what_is_refused_says_why_and_what_to_do(earning: Terminal) -> None:
    assert earning("points", "redeem", "1", "1", "--source", "basket:1") == Ended(
        77,
        "",
        "retainctl: customer 1 has 0 points to spend, but 1 were requested\n  See them: retainctl points statement 1\n",
    )
    earning("points", "add", "1", "5", "--source", "c:1", "--reason", "Sorry")
    other = earning("points", "add", "1", "6", "--source", "c:1", "--reason", "Sorry")
    assert (other.code, other.stderr.splitlines()[0]) == (
        65, "retainctl: source 'c:1' was already used for a different booking: grant of 5 points, customer 1",
    )  # fmt: skip
    earlier = earning("points", "award", now="2025-03-01T10:00")
    assert (earlier.code, earlier.stdout) == (77, "")
    assert earning("points", "statement", "1", now="2025-03-01T10:00").code == 0, "an earlier time may read"
    for words in ((), ("1", "--order", "web:W1")):
        asked = earning("points", "explain", *words)
        assert (asked.code, asked.stderr.splitlines()[0]) == (2, "retainctl: give either CUSTOMER or --order")
    assert earning("points", "take", "1", "0", "--source", "x", "--reason", "y").code == 2


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_statement_is_of_the_days_that_were_asked_for(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    customer()
    here = ("--shop", str(shop.folder), "--now")
    for day, points in ((2, 10), (3, 20), (5, 40)):
        asked = ("points", "add", "1", str(points), "--source", f"complaint:{day}", "--reason", f"day {day}")
        assert cli.run([*here, f"2025-03-0{day}T10:00", *asked]) == 0
    shown = {
        (): "opening 0, adjusted 10 day 2, adjusted 20 day 3, adjusted 40 day 5, closing 70",
        ("--from", "2025-03-03"): "opening 10, adjusted 20 day 3, adjusted 40 day 5, closing 70",
        ("--to", "2025-03-04"): "opening 0, adjusted 10 day 2, adjusted 20 day 3, closing 30",
        ("--from", "2025-03-03", "--to", "2025-03-03"): "opening 10, adjusted 20 day 3, closing 30",
    }
    for words, expected in shown.items():
        capsys.readouterr()
        assert cli.run([*here, "2025-03-06T10:00", "points", "statement", "1", *words]) == 0
        lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()[1:]]
        assert ", ".join(f"{line[0]} {line[1]} {line[-1]}".strip() for line in lines) == expected


def test_a_new_shop_has_a_club(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("shops") / "new"
    ended = Terminal(folder)("init", str(folder), "--currency", "gbp")
    assert ended.code == 0, ended.stderr
    assert 'points_per = { GBP = "1" }' in (folder / "club.toml").read_text(encoding="utf-8")
    assert Terminal(folder)("points", "check") == Ended(0, "", "")


def test_checking_the_shops_files_reads_the_club_too(retainctl: Terminal) -> None:
    assert retainctl("config", "check").code == 0
    (retainctl.folder / "club.toml").write_text("[[terms]]\nversion = 1\npending_day = 3\n", encoding="utf-8")
    ended = retainctl("config", "check")
    assert (ended.code, ended.stderr) == (
        78,
        f"retainctl: {retainctl.folder}/club.toml, line 3: unknown setting pending_day\n  Did you mean pending_days?\n",
    )


def test_nobody_is_not_everybody(earning: Terminal) -> None:
    """As in a script whose variable is empty."""
    earning("points", "award")
    assert earning("points", "balance").code == 0
    assert earning("points", "balance", "").code == 2


def test_a_bad_head_is_not_written_down_before_the_books_are_checked(earning: Terminal, tmp_path: Path) -> None:
    earning("points", "award")
    heads = tmp_path / "points.heads"
    assert earning("points", "check", "--heads", str(heads)).code == 0
    before = heads.read_text(encoding="utf-8")
    earning("points", "add", "1", "5", "--source", "gift:1", "--reason", "Sorry")
    with an_intruder():
        execute("UPDATE transactions SET hash = ? WHERE seq = (SELECT MAX(seq) FROM transactions)", bytes(32))
    assert earning("points", "check", "--heads", str(heads)).code == 70
    assert heads.read_text(encoding="utf-8") == before


def test_an_order_is_explained_by_the_terms_of_its_day_and_the_minimum_of_its_currency(
    earning: Terminal, shop: Shop
) -> None:
    points = 'points_per = { ILS = "1", USD = "3" }\n'
    set_terms(
        shop.folder,
        points + 'minimum_order = { ILS = "100", USD = "30" }\n',
        f"{points}valid_from = {shop.clock.today()}\n",
    )
    order(shop, 2, [2_000], at=shop.clock.now() - DAY, currency="USD")

    def explained() -> set[tuple[int, str]]:
        steps = json.loads(earning("points", "explain", "--order", "web:W2", "--format", "json").stdout)["rows"]
        return {(one["terms_version"], one["arithmetic"]) for one in steps}

    assert explained() == {(1, "not awarded yet")}
    earning("points", "award")
    assert (1, "20.00 USD: the order total is 20.00, less than 30") in explained()


def test_whether_points_are_added_or_make_the_balance_must_be_said(earning: Terminal, tmp_path: Path) -> None:
    earning("points", "award")
    (tmp_path / "balances.csv").write_text("customer_id,points\n1,500\n", encoding="utf-8")
    words = ("points", "import", str(tmp_path / "balances.csv"), "--source", "smile", "--reason", "Moved")
    asked = earning(*words)
    assert (asked.code, asked.stdout, "'--mode'" in asked.stderr) == (2, "", True)
    assert earning("points", "balance", "1").stdout.splitlines()[1] == "1\t129\t0\t0\t129\tILS"


def test_orders_that_would_earn_too_much_are_told_with_what_to_do(earning: Terminal, shop: Shop) -> None:
    for number in (2, 3):
        order(shop, number, [999_999_999_999], at=shop.clock.now() - DAY)
    for counted in ("3\t1\t129\t0\t0\t2", "2\t0\t0\t0\t0\t2"):  # they are told until somebody has looked
        ended = earning("points", "award")
        assert (ended.code, ended.stdout.splitlines()[1]) == (3, counted)
        assert ended.stderr.splitlines() == [
            "retainctl: 2 orders would earn more than 1,000,000,000 points, and got none",
            "  Check their amounts and import them again.",
        ]


@pytest.mark.parametrize(
    "words",
    [
        ("award",), ("expire",), ("redeem", "1", "5", "--source", "basket:1"),
        ("add", "1", "5", "--source", "gift:1", "--reason", "Sorry"),
        ("take", "1", "5", "--source", "mistake:1", "--reason", "Given twice"),
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_nothing_is_booked_under_a_clock_that_leapt_until_somebody_trusts_it(
    earning: Terminal, shop: Shop, words: tuple[str, ...]
) -> None:
    months = 12 if words == ("expire",) else 0  # else they never expire
    set_terms(shop.folder, f'points_per = {{ ILS = "1" }}\nexpiry_months = {months}')
    earning("points", "add", "1", "100", "--source", "gift:0", "--reason", "Welcome")
    order(shop, 2, [5_000], at=shop.clock.now())
    years_later = "2035-03-02T10:00"
    before = transactions()
    refused = earning("points", *words, now=years_later)
    assert (refused.code, refused.stdout, "--yes-clock" in refused.stderr) == (77, "", True)
    assert transactions() == before
    assert earning("points", *words, "--yes-clock", now=years_later).code == 0
