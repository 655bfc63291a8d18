"""A list of points: what is added to each customer's, or what each is to have, as from the program before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

from retainctl.club import spending
from retainctl.club.balances import balances
from retainctl.club.ledger import PROGRAM, sources_from
from retainctl.club.orders import due_orders
from retainctl.config import Shop
from retainctl.errors import BadData, Refused, WrongUsage
from retainctl.intake.cells import Cells, RowError
from retainctl.intake.declared import DeclaredTaker, Field, GivenCell, Lookup, text
from retainctl.intake.file import InputFile
from retainctl.intake.import_runs import FileResult, ImportOptions
from retainctl.intake.one_file import RowOutcome, import_list
from retainctl.result import Progress
from retainctl.shop.customer_lookup import CUSTOMER
from retainctl.shop.customers import ever_one_with
from retainctl.store.database import rows

Mode = Literal["add", "set"]
SOURCE: Final = "file"


def import_points(
    shop: Shop,
    name: str,
    options: ImportOptions,
    *,
    mode: Mode,
    reason: str = "",
    progress: Progress = lambda _rows: None,
) -> FileResult[Any]:
    """Import the points in the file called *name*, each row once, however often it comes.

    ``add`` gives what a row says, once for the list that the options' source names; ``set`` gives or takes what a
    customer has too few or too many of, and is Refused while orders wait for their points. *reason* is of rows that
    state none. A row that names nobody, takes more than is there, or adds to what the same list gave the customer
    before, is quarantined.
    """
    if mode == "add" and not options.source:
        raise WrongUsage(
            "missing option '--source'",
            hint="Name the list, such as birthdays-2025-03: each of its rows counts once, however often it comes.",
        )
    if mode == "set" and due_orders(after=0, until=shop.clock.now(), limit=1):
        raise Refused(
            "orders wait for their points, which would come on top of what the list sets",
            hint="Award them first: retainctl points award",
        )

    def make_taker(file: InputFile, _header: Sequence[str]) -> PointsTaker:
        return PointsTaker(shop, options, mode, reason, file)

    return import_list(shop, name, options, make_taker, progress=progress)


def _points(cell: GivenCell) -> int:
    points = cell.values.counted(cell.text, cell.column)
    if points < 0:
        raise RowError(cell.column, "negative_points", f"{cell.text!r} is negative")
    return points


FIELDS: Final[tuple[Field | Lookup, ...]] = (
    CUSTOMER,
    Field("points", ("points", "points balance", "balance", "נקודות", "יתרה"), _points, required=True),
    Field("reason", ("reason", "note", "סיבה", "הערה"), text),
)


class _GivenPoints(NamedTuple):
    customer_id: int
    points: int
    reason: str


class PointsTaker(DeclaredTaker[_GivenPoints]):
    """Rows to bookings."""

    kind = "points"
    one_of = ("customer", "email", "phone")

    def __init__(self, shop: Shop, options: ImportOptions, mode: Mode, reason: str, file: InputFile) -> None:
        super().__init__(FIELDS, shop, options, source=options.source or SOURCE, mode=mode, reason=reason)
        self._stated_source = ""  # the program is no shop that gave customers their ids
        self._sets = mode == "set"
        self._reason = reason.strip()
        self._reference = f"import:{self.source}:{file.sha256[:16]}"
        self._list = f"list:{self.source}:"
        self._given = {} if self._sets else self._given_before()
        self._rows: Counter[tuple[int, int]] = Counter()  # of the file so far
        self._set: dict[int, int] = {}

    def prepare(self, rows: Sequence[Cells]) -> None:
        super().prepare(rows)
        place = [column.role for column in self.columns].index("points")
        self.values.look_at(cells[place].strip() for cells in rows)

    def read(self, cells: Cells) -> _GivenPoints:
        given = self.given(self.said(cells))
        reason = given.get("reason") or self._reason
        if not reason:
            raise RowError("reason", "no_reason", "the row has no reason, and --reason was not given")
        return _GivenPoints(given["customer_id"], given["points"], reason)

    def keep(self, read: list[_GivenPoints], *, import_id: int) -> list[RowOutcome | RowError]:  # noqa: ARG002
        """Book the rows, one after the other."""
        outcomes: list[RowOutcome | RowError] = []
        for row in read:
            try:
                outcomes.append(self._balance(row) if self._sets else self._addition(row))
            except RowError as error:
                outcomes.append(error)
            except BadData as error:
                outcomes.append(RowError("points", "not_booked", str(error)))
        return outcomes

    def _addition(self, row: _GivenPoints) -> RowOutcome:
        if not row.points:
            return "unchanged"
        self._rows[row.customer_id, row.points] += 1
        number = self._rows[row.customer_id, row.points]
        people = ever_one_with(row.customer_id) if self._given else ()
        before = {one for customer_id in people for one in self._given.get(customer_id, ())}
        if (row.points, number) in before:
            return "unchanged"
        if before:
            raise RowError(
                "points",
                "given_before",
                f"the list {self.source} gave the customer other points before; what is new needs its own --source",
            )
        source = f"{self._list}{row.customer_id}:{row.points}:{number}"
        spending.add(self.shop, row.customer_id, row.points, source=source, reason=row.reason)
        return "new"

    def _given_before(self) -> dict[int, set[tuple[int, int]]]:
        """What earlier imports of this list gave each customer: points, and which of their rows of so many it was."""
        given: dict[int, set[tuple[int, int]]] = {}
        beginning = f"{PROGRAM}/grant/{self._list}"
        for (source,) in rows(
            "SELECT source FROM transactions WHERE source >= ? AND source < ?", *sources_from(beginning)
        ):
            customer_id, points, number = map(int, source.removeprefix(beginning).split(":"))
            given.setdefault(customer_id, set()).add((points, number))
        return given

    def _balance(self, row: _GivenPoints) -> RowOutcome:
        if self._set.setdefault(row.customer_id, row.points) != row.points:
            raise RowError("customer", "twice", "the customer stands twice in the file with different points")
        have = balances(self.shop, [row.customer_id])[row.customer_id]
        if have == row.points:
            return "unchanged"
        book = spending.add if have < row.points else spending.take
        source = f"{self._reference}:{row.customer_id}:{have}"
        booked = book(self.shop, row.customer_id, abs(row.points - have), source=source, reason=row.reason)
        return "unchanged" if booked.repeated else "new"
