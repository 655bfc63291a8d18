"""All customers as one CSV, which ``customers import`` reads again and changes nothing by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from retainctl.config import Shop
from retainctl.spreadsheets import ListForm, write_list
from retainctl.store.database import rows

MOST_ADDRESSES: Final = 9  # of a kind; the importer's columns go as far
PAGE: Final = 2_000
_KINDS: Final = ("email", "phone", "postal")


def export_customers(_shop: Shop, file: BinaryIO, *, form: ListForm = "csv", for_excel: bool = False) -> int:
    """Write every customer to *file* as ``write_list`` does; the number of lines without the header.

    A customer has one line, and one more for each further id that a shop knows them by.
    """
    counts = _address_counts()
    return write_list(file, _header(counts), _lines(counts), kind="customer_export", form=form, for_excel=for_excel)


def _address_counts() -> dict[str, int]:
    """How many columns each kind of address needs."""
    found = dict(
        rows(
            """SELECT kind, MAX(many) FROM
                (SELECT customer_id, kind, COUNT(*) AS many FROM contact_points GROUP BY customer_id, kind) AS counted
            GROUP BY kind"""
        )
    )
    return {kind: min(max(found.get(kind, 0), 1), MOST_ADDRESSES) for kind in _KINDS}


def column(kind: str, number: int) -> str:
    """The name of the column with a customer's address of that number, from one."""
    return kind if number == 1 else f"{kind}_{number}"


def _header(counts: dict[str, int]) -> list[str]:
    header = ["id", "source", "external_id", "first_name", "last_name", "language"]
    for kind in _KINDS:
        for number in range(1, counts[kind] + 1):
            header.append(column(kind, number))
            if kind != "postal":
                header.append(f"{column(kind, number)}_verified")
    return header


def _lines(counts: dict[str, int]) -> Iterator[list[Any]]:
    last = 0
    while customers := rows(
        "SELECT id, first_name, last_name, language FROM customers WHERE merged_into IS NULL AND id > ?"
        " ORDER BY id LIMIT ?",
        last,
        PAGE,
    ):
        first, last = customers[0][0], customers[-1][0]
        keys: dict[int, list[tuple[str, str]]] = {}
        for customer_id, source, external_id in rows(
            "SELECT customer_id, source, external_id FROM customer_keys WHERE customer_id BETWEEN ? AND ?"
            " ORDER BY source, external_id",
            first,
            last,
        ):
            keys.setdefault(customer_id, []).append((source, external_id))
        addresses = _addresses(first, last)
        for customer_id, *attributes in customers:
            for source, external_id in keys.get(customer_id, [("", "")]):
                cells = [text or "" for text in attributes]
                for kind in _KINDS:
                    width = counts[kind] * (1 if kind == "postal" else 2)
                    own = addresses.get((customer_id, kind), [])[:width]
                    cells += own + [""] * (width - len(own))
                yield [customer_id, source, external_id, *cells]


def _addresses(first: int, last: int) -> dict[tuple[int, str], list[str]]:
    """The cells of each customer's addresses, kind by kind."""
    found: dict[tuple[int, str], list[str]] = {}
    for customer_id, kind, text, verified in rows(
        "SELECT customer_id, kind, value, verified FROM contact_points WHERE customer_id BETWEEN ? AND ? ORDER BY id",
        first,
        last,
    ):
        cells = found.setdefault((customer_id, kind), [])
        cells += [text] if kind == "postal" else [text, "yes" if verified else ""]
    return found
