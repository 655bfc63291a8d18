"""Finding the customers whom the rows of a list name: by what a shop calls them, by e-mail, by phone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.cells import Cells, Column, RowError
from retainctl.intake.declared import Lookup
from retainctl.normalising import email_address, phone_number
from retainctl.store import dialect
from retainctl.store.database import rows

# What shops call the column of an address, in every kind of file.
EMAIL_NAMES: Final = (
    "email", "e-mail", "email address", "customer email", "mail", "דוא״ל", "דואל", "אימייל", "מייל", "כתובת מייל",
    "כתובת אימייל", "כתובת דוא״ל", "דואר אלקטרוני",
)  # fmt: skip
PHONE_NAMES: Final = (
    "phone", "mobile", "phone number", "telephone", "טלפון", "נייד", "טלפון נייד", "מספר טלפון", "מס׳ טלפון",
    "מספר נייד", "סלולרי",
)  # fmt: skip


class PointOf(NamedTuple):
    """An address that somebody has: its contact point, and whose it is."""

    contact_point_id: int
    customer_id: int


def points_at(addresses: Iterable[tuple[str, str]]) -> dict[tuple[str, str], PointOf]:
    """The contact point at each of *addresses*, kind and key, that a customer has."""
    wanted = set(addresses)
    found: dict[tuple[str, str], PointOf] = {}
    for kind in ("email", "phone"):
        condition, bound = dialect.one_of([key for one, key in wanted if one == kind])
        for key, *point in rows(
            # The index of identities is of these two kinds alone, and SQLite asks to be told so.
            "SELECT key, id, customer_id FROM contact_points"
            f" WHERE kind IN ('email', 'phone') AND kind = ? AND key {condition}",
            kind,
            bound,
        ):
            found[kind, key] = PointOf(*point)
    return found


def called(external_ids: Collection[str], *, source: str = "") -> dict[str, set[int]]:
    """Whom the shop *source* calls each of *external_ids*; where none is stated, any shop."""
    condition, bound = dialect.one_of(list(external_ids))
    found: dict[str, set[int]] = {}
    for external_id, customer in rows(
        f"SELECT external_id, customer_id FROM customer_keys WHERE external_id {condition} AND (? = '' OR source = ?)",
        bound,
        source,
        source,
    ):
        found.setdefault(external_id, set()).add(customer)
    return found


def address_in(shop: Shop, email: str, phone: str) -> tuple[str, str] | None:
    """The address that two cells give, by kind and key, the e-mail first; RowError for one that is none."""
    if not email and not phone:
        return None
    try:
        if email:
            return "email", email_address(email).key
        return "phone", phone_number(phone, shop.settings.country)
    except BadData as error:
        raise RowError("email" if email else "phone", "bad_address", str(error)) from None


def _find(shop: Shop, source: str, asked: Sequence[Cells]) -> list[int | RowError]:
    """Who each of *asked* is.

    An id counts before an e-mail. A phone may be a household's: it finds nobody for a row that gives more than it.
    """
    by_id = called({known_as for known_as, _, _ in asked if known_as}, source=source)
    addresses: list[tuple[str, str] | RowError | None] = []
    for known_as, email, phone in asked:
        try:
            addresses.append(address_in(shop, email, "" if known_as else phone))
        except RowError as error:
            addresses.append(error)
    points = points_at(one for one in addresses if isinstance(one, tuple))
    return [
        _one(by_id.get(known_as, set()), known_as, address, points)
        for (known_as, _, _), address in zip(asked, addresses, strict=True)
    ]


def _one(
    ids: set[int],
    known_as: str,
    address: tuple[str, str] | RowError | None,
    points: dict[tuple[str, str], PointOf],
) -> int | RowError:
    if len(ids) > 1:
        return RowError("customer", "several_customers", f"several sources have a customer {known_as!r}; add --source")
    if ids:
        return next(iter(ids))
    if isinstance(address, RowError):
        return address
    if address in points:
        return points[address].customer_id
    if not known_as and address is None:
        return RowError("customer", "no_customer", "the row has no customer id, e-mail or phone")
    return RowError("customer", "unknown_customer", "no customer matches; import the customers first")


CUSTOMER: Final = Lookup(
    "customer_id",
    (
        Column("customer", ("customer_id", "customer", "customer number", "member number", "מספר לקוח", "לקוח")),
        Column("email", EMAIL_NAMES),
        Column("phone", PHONE_NAMES),
    ),
    _find,
)
