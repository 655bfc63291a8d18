"""Segments: their files segments/NAME.toml, creating and refreshing them, who is in them.

A refresh first runs the query, read-only and with a time limit, and then writes only the difference. ``now`` never
goes back: a customer cannot leave before having joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from retainctl import schema
from retainctl.audience.compiler import Query, Scope, compiled
from retainctl.audience.parser import parse
from retainctl.audience.tree import Tree
from retainctl.config import Shop
from retainctl.definitions import Defined, Fault, Kind, keep, version_that_ran
from retainctl.errors import BadConfiguration, BadData, DoneInPart, RetainError, TryLater, WrongUsage
from retainctl.facets import Viewpoint
from retainctl.result import Result
from retainctl.rows import Row
from retainctl.store.database import execute, execute_many, rows, value
from retainctl.store.dialect import hold_lock, insert_many, only_reading
from retainctl.store.transactions import in_one_transaction

SECONDS = 5.0  # the longest that one expression may take


@dataclass(frozen=True, slots=True)
class Segment:
    """What ``segments/NAME.toml`` says: who is in the segment, and what it is for."""

    expression: str
    description: str = ""


class Refreshed(Row, kind="refresh"):
    """What a refresh found: the members now, and how many joined and left."""

    segment: str
    members: int
    joined: int
    left: int


class SegmentRow(Row, kind="segment"):
    """A segment, and what its last refresh found; empty when it was never refreshed."""

    segment: str
    members: int | None
    refreshed_at: str
    expression: str
    description: str


def create(shop: Shop, name: str, expression: str, *, description: str = "") -> Refreshed:
    """Create the segment *name* and find its members for the first time."""
    found = matching_ids(shop, expression)  # an expression that cannot run makes no segment
    _write(shop, name, Segment(expression, description))
    return _settle(shop, SEGMENTS.read(shop, name), found, now=shop.clock.now())


def refresh(shop: Shop, name: str) -> Refreshed:
    """Bring the members of the segment *name* up to date; only who joined and who left is written."""
    defined = SEGMENTS.read(shop, name)
    return _settle(shop, defined, matching_ids(shop, defined.value.expression), now=shop.clock.now())


def refresh_each(shop: Shop, chosen: Sequence[str]) -> Result[Refreshed]:
    """Refresh the segments *chosen*, or all when none is named. A broken one stops no other, and is the trouble."""
    refreshed: list[Refreshed] = []
    failures: list[RetainError] = []
    for name in chosen or SEGMENTS.names(shop.folder):
        try:
            refreshed.append(refresh(shop, name))
        except (BadData, BadConfiguration, WrongUsage) as error:
            failures.append(error)
        except TryLater as error:
            failures.append(TryLater(f"the segment {name}: {error}", hint=error.hint))
    trouble: RetainError | None = None
    if failures:
        told = "\n".join(map(str, failures))
        trouble = DoneInPart(told, hint="All other segments were refreshed.") if refreshed else failures[0]
    return Result(tuple(refreshed), trouble=trouble)


def list_segments(shop: Shop) -> list[SegmentRow]:
    """Every segment that has a file."""
    known = {row[0]: row[1:] for row in rows("SELECT name, members, refreshed_at FROM segments")}
    listed = []
    for name in SEGMENTS.names(shop.folder):
        definition = read_segment(shop, name)
        members, at = known.get(name, (None, None))
        refreshed_at = "" if at is None else shop.clock.iso(at)
        listed.append(SegmentRow(name, members, refreshed_at, definition.expression, definition.description))
    return listed


def matching_ids(shop: Shop, expression: str) -> list[int]:
    """The ids, in order, of the customers that *expression* finds now."""
    return _ids(asked(shop, parse(expression, currency=shop.settings.currency)))


def member_ids(shop: Shop, name: str, *, refreshed: bool = False) -> list[int]:
    """The ids, in order, of the members of the segment *name*: of its last refresh, or *refreshed* now.

    A segment that was never refreshed, or whose file changed since, is refreshed first.
    """
    defined = SEGMENTS.read(shop, name)
    known = version_that_ran(SEGMENTS, name)
    if refreshed or known is None or known.hash != defined.hash:
        refresh(shop, name)
    return _member_ids(snapshot_id(shop, name))


def asked(shop: Shop, tree: Tree) -> Query:
    """The query of *tree* for this shop, as of today."""
    currency = shop.settings.currency
    ends = rows("SELECT MIN(currency), MAX(currency) FROM customer_summaries")[0]
    one_currency = ends in ((None, None), (currency, currency))
    scope = Scope(
        Viewpoint(shop.clock.now(), shop.clock.today(), currency, one_currency),
        read_segment=lambda name: read_tree(shop, name),
        categories=lambda: [row[0] for row in rows("SELECT DISTINCT category FROM products")],
    )
    return compiled(tree, scope)


def _ids(query: Query) -> list[int]:
    whole = query.select("c.id", end=" ORDER BY c.id")
    with only_reading(seconds=SECONDS):
        return [row[0] for row in execute(whole.sql, *whole.values)]


def snapshot_id(shop: Shop, name: str) -> int:
    """The id of the last refresh's row for the segment *name*, whose file must exist."""
    read_segment(shop, name)
    segment_id = value("SELECT id FROM segments WHERE name = ?", name)
    if segment_id is None:
        raise RetainError(
            f"the segment {name} was never refreshed", hint=f"Find its members: retainctl segments refresh {name}"
        )
    return int(segment_id)


def _member_ids(segment_id: int) -> list[int]:
    sql = "SELECT customer_id FROM segment_members WHERE segment_id = ? AND left_at IS NULL ORDER BY customer_id"
    return [row[0] for row in execute(sql, segment_id)]


@in_one_transaction
def _settle(shop: Shop, defined: Defined[Segment], found: list[int], *, now: int) -> Refreshed:
    """Write the difference between the present members and *found*, both in order of their ids."""
    hold_lock("segments")
    name, known = defined.name, rows("SELECT id, refreshed_at FROM segments WHERE name = ?", defined.name)
    if known and known[0][1] > now:
        if shop.clock.fixed is not None:
            raise WrongUsage(
                f"the segment {name} was already refreshed after that time",
                hint="Leave out --now, or give a later time.",
            )
        _bring_back(known[0][0], now=now)
    write = """INSERT INTO segments (name, definition_id, members, refreshed_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET definition_id = excluded.definition_id, members = excluded.members,
        refreshed_at = excluded.refreshed_at RETURNING id"""
    segment_id = int(value(write, name, keep(SEGMENTS, defined, now=now), len(found), now))
    before = set(_member_ids(segment_id))
    joined = [customer_id for customer_id in found if customer_id not in before]
    left = before.difference(found)
    execute_many(
        "UPDATE segment_members SET left_at = ? WHERE segment_id = ? AND customer_id = ? AND left_at IS NULL",
        ((now, segment_id, customer_id) for customer_id in sorted(left)),
    )
    _write_joined(segment_id, joined, now=now)
    return Refreshed(name, len(found), len(joined), len(left))


def _bring_back(segment_id: int, *, now: int) -> None:
    """What a clock that was ahead has dated later than now was so now at the latest."""
    of_it = "segment_members WHERE segment_id = ? AND joined_at > ?"
    execute(f"DELETE FROM {of_it} AND left_at IS NOT NULL", segment_id, now)
    for column in ("left_at", "joined_at"):
        execute(f"UPDATE segment_members SET {column} = ? WHERE segment_id = ? AND {column} > ?", now, segment_id, now)


def _write_joined(segment_id: int, joined: list[int], *, now: int) -> None:
    """Add *joined*; a customer who left at this same instant is a member again, as if they had never left."""
    sql = "SELECT customer_id FROM segment_members WHERE segment_id = ? AND joined_at = ? AND left_at = ?"
    gone = {row[0] for row in execute(sql, segment_id, now, now)}
    execute_many(
        "UPDATE segment_members SET left_at = NULL WHERE segment_id = ? AND customer_id = ? AND joined_at = ?",
        ((segment_id, customer_id, now) for customer_id in joined if customer_id in gone),
    )
    insert_many(
        "segment_members",
        "segment_id customer_id joined_at",
        ((segment_id, customer_id, now) for customer_id in joined if customer_id not in gone),
    )


def read_segment(shop: Shop, name: str) -> Segment:
    """What the file of the segment *name* says, whether or not its expression is valid."""
    return schema.read_text(SEGMENTS.text(shop.folder, name), Segment, name=f"{SEGMENTS.folder}/{name}.toml")


def read_tree(shop: Shop, name: str) -> Tree:
    """The expression of the segment *name*; a mistake in it is BadData that names its file."""
    return parse(SEGMENTS.read(shop, name).value.expression, currency=shop.settings.currency)


def _parse(shop: Shop, text: str, where: str) -> Segment:
    segment = schema.read_text(text, Segment, name=where)
    try:
        parse(segment.expression, currency=shop.settings.currency)
    except BadData as error:
        raise BadData(f"{where}: {error}", hint=error.hint) from None
    return segment


def _faults(shop: Shop, defined: Defined[Segment]) -> Iterator[Fault]:
    """Faults that show only when the expression runs: those that depend on other segments and the catalogue."""
    try:
        matching_ids(shop, defined.value.expression)
    except RetainError as error:
        yield Fault("expression", str(error), error.hint)


def _write(shop: Shop, name: str, segment: Segment) -> None:
    """Write the file of a new segment. An existing file that says the same stays; a different one is Refused."""
    if SEGMENTS.path(shop.folder, name).is_file() and read_segment(shop, name) == segment:
        return
    lines = [f"expression = {_toml_text(segment.expression)}"]
    if segment.description:
        lines.append(f"description = {_toml_text(segment.description)}")
    SEGMENTS.write(shop.folder, name, "\n".join(lines) + "\n")


def _toml_text(text: str) -> str:
    """*text* as a TOML string, in single quotes where that is possible."""
    if text.isprintable() and "'" not in text:
        return f"'{text}'"
    return schema.to_toml(text)


SEGMENTS: Final = Kind(
    "segment",
    "segments",
    ".toml",
    make="segments create {} EXPRESSION",
    settings=Segment,
    parse=_parse,
    faults=_faults,
    last_run=lambda name: value("SELECT definition_id FROM segments WHERE name = ?", name),
)
