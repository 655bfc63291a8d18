"""Segments: files, who joined and who left, and what one types."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from retainctl.audience import explaining, members, segments
from retainctl.audience.members import Change
from retainctl.audience.segments import Refreshed, Segment, SegmentRow, read_segment
from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop
from retainctl.errors import DoneInPart, Refused, RetainError, TryLater, WrongUsage
from retainctl.shop.customers import show_customer
from retainctl.store.database import execute, rows, value
from retainctl.store.transactions import writing
from tests import past
from tests.conftest import Terminal
from tests.planting import plant_address


def later(shop: Shop, seconds: int) -> Shop:
    now = shop.clock.now() + seconds
    return dataclasses.replace(shop, clock=Clock(shop.clock.zone, now))


@pytest.fixture
def town(shop: Shop) -> Shop:
    """Three customers, of 1, 2 and 3 orders."""
    for number in (1, 2, 3):
        past.customer(number, name=f"N{number}", key=f"K{number}", email=f"n{number}@shop.example")
        for day in range(number):
            past.order(number, f"2025-01-0{day + 1}")
    return shop


def test_a_refresh_writes_only_who_joined_and_who_left(town: Shop) -> None:
    assert segments.create(town, "loyal", "orders >= 2") == Refreshed("loyal", 2, 2, 0)
    before = rows("SELECT * FROM segment_members ORDER BY customer_id")

    assert segments.refresh(later(town, 60), "loyal") == Refreshed("loyal", 2, 0, 0)
    assert rows("SELECT * FROM segment_members ORDER BY customer_id") == before

    past.order(1, "2025-02-01")
    past.order(1, "2025-02-02")
    (town.folder / "segments/loyal.toml").write_text("expression = 'orders >= 3'")
    assert segments.refresh(later(town, 120), "loyal") == Refreshed("loyal", 2, 1, 1)
    assert segments.member_ids(town, "loyal") == [1, 3]
    assert members.changes(town, "loyal") == [
        Change("2025-03-02T10:02:00+02:00", "joined", 1, "N1", None),
        Change("2025-03-02T10:02:00+02:00", "left", 2, "N2", None),
        Change("2025-03-02T10:00:00+02:00", "joined", 2, "N2", None),
        Change("2025-03-02T10:00:00+02:00", "joined", 3, "N3", None),
    ]


def test_who_leaves_may_come_back(town: Shop) -> None:
    path = town.folder / "segments/some.toml"
    segments.create(town, "some", "orders >= 2")
    for expression, expected in (
        ("orders >= 3", Refreshed("some", 1, 0, 1)),
        ("orders >= 2", Refreshed("some", 2, 1, 0)),
    ):
        path.write_text(f"expression = '{expression}'")
        assert segments.refresh(town, "some") == expected  # all at the same instant
    assert [change.change for change in members.changes(town, "some")] == ["joined", "joined"]
    assert segments.member_ids(town, "some") == [2, 3]
    path.write_text("expression = 'orders >= 3'")
    segments.refresh(later(town, 1), "some")
    path.write_text("expression = 'orders >= 2'")
    assert segments.refresh(later(town, 2), "some") == Refreshed("some", 2, 1, 0)
    assert [(one.customer_id, one.since) for one in members.members(town, "some")] == [
        (2, "2025-03-02T10:00:02+02:00"),
        (3, "2025-03-02T10:00:00+02:00"),
    ]


def test_what_a_clock_that_was_ahead_has_written_stops_no_refresh_after_it(town: Shop) -> None:
    """One night's clock is five days ahead: somebody joins, somebody leaves, somebody comes and goes."""
    segments.create(town, "loyal", "orders >= 2")
    real = dataclasses.replace(town, clock=Clock(town.clock.zone))
    now = real.clock.now()
    ahead = dataclasses.replace(town, clock=Clock(town.clock.zone, now + 5 * DAY_SECONDS))
    path = town.folder / "segments" / "loyal.toml"
    path.write_text("expression = 'orders >= 3'")
    segments.refresh(ahead, "loyal")
    path.write_text("expression = 'orders >= 1'")
    segments.refresh(later(ahead, 1), "loyal")
    path.write_text("expression = 'orders >= 2'")
    assert segments.refresh(real, "loyal").members == len(segments.member_ids(real, "loyal"))
    found = rows("SELECT MAX(joined_at), MAX(left_at), MAX(s.refreshed_at) FROM segment_members, segments AS s")
    assert all(at <= real.clock.now() for at in found[0])
    assert segments.refresh(real, "loyal") is not None
    with pytest.raises(WrongUsage, match="already refreshed after that time"):
        segments.refresh(town, "loyal")


def test_the_time_does_not_go_back(town: Shop) -> None:
    segments.create(town, "loyal", "orders >= 2")
    with pytest.raises(WrongUsage, match="already refreshed after that time"):
        segments.refresh(later(town, -1), "loyal")


def test_members_are_of_the_file_as_it_is(town: Shop) -> None:
    path = town.folder / "segments/loyal.toml"
    path.parent.mkdir()
    path.write_text("expression = 'orders >= 2'")
    with pytest.raises(RetainError, match="the segment loyal was never refreshed"):
        members.count(town, "loyal")
    assert segments.list_segments(town) == [SegmentRow("loyal", None, "", "orders >= 2", "")]
    assert segments.member_ids(town, "loyal") == [2, 3]

    past.order(1, "2025-02-01")
    assert segments.member_ids(town, "loyal") == [2, 3]
    assert segments.member_ids(town, "loyal", refreshed=True) == [1, 2, 3]
    path.write_text("expression = 'orders >= 3'")
    assert segments.member_ids(town, "loyal") == [3]
    assert members.count(town, "loyal") == 1


@pytest.mark.parametrize(
    "expression",
    ["orders >= 2", "first_name = 'N1'", """first_name in ("a'b", 'c"d')""", "orders > 1\n  and orders < 9"],
)
def test_a_file_says_what_was_typed(town: Shop, expression: str) -> None:
    segments.create(town, "typed", expression, description="לקוחות \\ 'טובים'")
    assert read_segment(town, "typed") == Segment(expression, "לקוחות \\ 'טובים'")
    segments.create(town, "typed", expression, description="לקוחות \\ 'טובים'")  # again: nothing to do
    with pytest.raises(Refused, match="the segment typed already exists"):
        segments.create(town, "typed", "orders >= 9")


@pytest.mark.parametrize("name", ["../loyal", "/etc/passwd", "a\0", "Loyal", "", "a" * 65, "a/b", "a.b", "..", "a\n"])
def test_a_name_is_no_path(town: Shop, name: str) -> None:
    with pytest.raises(WrongUsage, match="is not a valid segment name"):
        segments.create(town, name, "orders >= 2")
    assert not (town.folder / "segments").exists()


def test_a_link_in_the_place_of_a_file_is_left_alone(town: Shop, tmp_path: Path) -> None:
    (town.folder / "segments").mkdir()
    (town.folder / "segments/loyal.toml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused):
        segments.create(town, "loyal", "orders >= 2")
    assert not (tmp_path / "elsewhere").exists()


def test_an_unknown_segment_is_told_with_the_nearest(town: Shop) -> None:
    segments.create(town, "loyal", "orders >= 2")
    for ask in (segments.refresh, members.count, members.members, explaining.explain):
        with pytest.raises(WrongUsage, match="there is no segment loyl") as caught:
            ask(town, "loyl")
        assert caught.value.hint == "Did you mean loyal?"


def test_an_expression_that_cannot_be_asked_makes_no_file(town: Shop) -> None:
    with pytest.raises(RetainError):
        segments.create(town, "odd", "in segment other")
    assert not (town.folder / "segments").exists()


def test_explain_counts_at_each_and_and_its_sql_runs(town: Shop) -> None:
    segments.create(town, "some", "orders >= 2 and\n (first_name = N2 or spent > 900) and not last_order is missing")
    steps = explaining.explain(town, "some")
    assert [(step.condition, step.customers, step.values) for step in steps] == [
        ("every customer", 3, ()),
        ("orders >= 2", 2, (2,)),
        ("(first_name = N2 or spent > 900)", 1, ("N2", 90000)),
        ("not last_order is missing", 1, ()),
    ]
    assert rows(" ".join(step.sql for step in steps), 2, "N2", 90000) == [(2,)]


@pytest.mark.parametrize(
    ("expression", "customers"), [("orders >= 2", 2), ("orders = 1 or orders = 3", 2), ("not orders >= 2", 1)]
)
def test_an_expression_without_an_and_is_explained_as_one(town: Shop, expression: str, customers: int) -> None:
    segments.create(town, "some", expression)
    steps = explaining.explain(town, "some")
    assert [(step.condition, step.customers) for step in steps] == [("every customer", 3), (expression, customers)]


def test_the_command_line(town: Shop, retainctl: Terminal, tmp_path: Path) -> None:
    made = retainctl("segments", "create", "loyal", "orders >= 2", "--description", "באים שוב")
    assert (made.code, made.stdout, made.stderr) == (0, "segment\tmembers\tjoined\tleft\nloyal\t2\t2\t0\n", "")
    assert retainctl("segments", "count", "loyal").stdout == "2\n"
    listed = retainctl("segments", "list", "--format", "csv")
    assert listed.stdout == (
        "segment,members,refreshed_at,expression,description\nloyal,2,2025-03-02T10:00:00+02:00,orders >= 2,באים שוב\n"
    )
    assert retainctl("segments", "refresh").stdout == "segment\tmembers\tjoined\tleft\nloyal\t2\t0\t0\n"
    assert retainctl("segments", "show", "loyal").stdout == (
        "customer_id\tfirst_name\tlast_name\tsince\n"
        "2\tN2\t\t2025-03-02T10:00:00+02:00\n3\tN3\t\t2025-03-02T10:00:00+02:00\n"
    )
    assert retainctl("segments", "show", "loyal", "--changes").stdout.splitlines()[0] == (
        "at\tchange\tcustomer_id\tfirst_name\tlast_name"
    )
    exported = retainctl("segments", "export", "loyal", "--output", str(tmp_path / "loyal.csv"))
    assert (exported.code, exported.stdout, exported.stderr) == (0, "", "")
    assert (tmp_path / "loyal.csv").read_text() == (
        "customer_id,external_id,first_name,last_name,email,phone,since\n"
        "2,K2,N2,,n2@shop.example,,2025-03-02T10:00:00+02:00\n"
        "3,K3,N3,,n3@shop.example,,2025-03-02T10:00:00+02:00\n"
    )
    wrong = retainctl("segments", "create", "odd", "ordres >= 2 and spent > 5")
    assert (wrong.code, wrong.stdout) == (65, "")
    assert wrong.stderr == (
        "retainctl: unknown field ordres\n  ordres >= 2 and spent > 5\n  ^\n  Did you mean orders?\n"
    )


def test_one_broken_segment_does_not_stop_the_others(town: Shop, retainctl: Terminal) -> None:
    segments.create(town, "first", "orders >= 1")
    segments.create(town, "loyal", "orders >= 2")
    segments.create(town, "last", "orders >= 3")
    (town.folder / "segments/loyal.toml").write_text("expression = 'ordres >= 2'")
    ended = retainctl("segments", "refresh")
    assert ended.code == 3
    assert ended.stdout == "segment\tmembers\tjoined\tleft\nfirst\t3\t0\t0\nlast\t1\t0\t0\n"
    assert ended.stderr == (
        "retainctl: segments/loyal.toml: unknown field ordres\n  ordres >= 2\n  ^\n"
        "  All other segments were refreshed.\n"
    )
    assert retainctl("segments", "refresh", "loyal").code == 65
    assert retainctl("segments", "show", "loyal").stdout.count("\n") == 3  # as they were


def test_who_has_left_is_no_member_and_each_leaving_keeps_its_time(town: Shop) -> None:
    path = town.folder / "segments/some.toml"
    segments.create(town, "some", "orders >= 2")
    for seconds, least in ((10, 3), (20, 2), (30, 3)):
        path.write_text(f"expression = 'orders >= {least}'")
        segments.refresh(later(town, seconds), "some")
    assert [one.customer_id for one in members.members(town, "some")] == [3]
    assert [(one.customer_id, one.external_id, one.email) for one in members.export(town, "some")] == [
        (3, "K3", "n3@shop.example")
    ]
    assert [(one.at[11:19], one.change) for one in members.changes(town, "some") if one.customer_id == 2] == [
        ("10:00:30", "left"),
        ("10:00:20", "joined"),
        ("10:00:10", "left"),
        ("10:00:00", "joined"),
    ]


def test_a_member_is_exported_with_the_first_address_of_each_kind_and_the_phone_as_one_dials_it(town: Shop) -> None:
    with writing():
        execute("INSERT INTO customers (id, created_at) VALUES (4, 0)")
        for key in ("K5", "K40", "K4"):
            execute("INSERT INTO customer_keys VALUES ('shop', ?, 4)", key)
        plant_address(4, "herzl 1 haifa", kind="postal", value="Herzl 1, Haifa", id=10)
        for number in (11, 12):
            plant_address(4, f"+9725023456{number}", kind="phone", value=f"050-23456{number}", id=number)
        for number, name in enumerate(("Dana", "also"), 13):
            plant_address(4, f"{name.lower()}@shop.example", value=f"{name}@shop.example", id=number)
    segments.create(town, "new", "orders = 0")
    assert [(one.external_id, one.email, one.phone) for one in members.export(town, "new")] == [
        ("K4", "Dana@shop.example", "+972502345611")
    ]


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(("currency", "least", "minor"), [("JPY", "5000", 5_000), ("KWD", "20.555", 20_555)])
def test_money_has_the_decimals_of_the_shop_s_currency_wherever_a_segment_is_read(
    shop: Shop, currency: str, least: str, minor: int
) -> None:
    shop = dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, currency=currency))
    for number, spent in ((1, minor), (2, minor - 1)):
        past.customer(number)
        past.order(number, "2025-01-01", spent, currency=currency)
    assert segments.create(shop, "big", f"spent >= {least}").members == 1
    assert segments.refresh(shop, "big").members == 1
    assert segments.create(shop, "within", "in segment big").members == 1


def test_a_segment_whose_file_is_gone_or_broken_does_not_stop_the_others(town: Shop) -> None:
    segments.create(town, "loyal", "orders >= 2")
    (town.folder / "segments/broken.toml").write_text("expression = ")
    result = segments.refresh_each(town, ("gone", "broken", "loyal"))
    assert ([row.segment for row in result.rows], result.exit_code) == (["loyal"], DoneInPart.exit_code)


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it counts steps; in no time a server answers nothing
def test_one_segment_that_takes_too_long_does_not_stop_the_others(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 201):
        past.customer(number, email=f"n{number}@shop.example")
    slow = ", ".join(f"'d{number}.example'" for number in range(200))
    for name, expression in (("first", "orders = 0"), ("slow", f"email_domain in ({slow})"), ("then", "orders > 0")):
        segments.create(shop, name, expression)
    monkeypatch.setattr(segments, "SECONDS", 0.0)
    result = segments.refresh_each(shop, ())
    assert ([row.segment for row in result.rows], result.exit_code) == (["first", "then"], DoneInPart.exit_code)
    assert segments.refresh_each(shop, ("slow",)).exit_code == TryLater.exit_code


def test_a_customer_is_shown_with_the_segments_that_they_are_in_now(town: Shop) -> None:
    for name in ("some", "loyal"):
        segments.create(town, name, "orders >= 2")
    (town.folder / "segments/some.toml").write_text("expression = 'orders >= 3'")
    segments.refresh(later(town, 60), "some")
    told = [[fact.what for fact in show_customer(town, one) if fact.about == "segment"] for one in (1, 2, 3)]
    assert told == [[], ["loyal"], ["loyal", "some"]]


def test_a_segment_says_when_it_was_refreshed_last(town: Shop) -> None:
    segments.create(town, "loyal", "orders >= 2")
    later = dataclasses.replace(town, clock=Clock(town.clock.zone, town.clock.now() + 60))
    segments.refresh(later, "loyal")
    assert value("SELECT refreshed_at FROM segments") == town.clock.now() + 60
