"""The CDNOW purchase history: fixed columns (customer, day, pieces, dollars), no order id.

The rows of one customer on one day are one order. An order of 0 dollars is a real order.
"""

from __future__ import annotations

from collections.abc import Iterator

from retainctl.intake.cells import Cells, Column, Held, RowError
from retainctl.intake.csv_rows import CHUNK_ROWS, LineChunk
from retainctl.intake.file import InputFile
from retainctl.intake.text import TextLines
from retainctl.shop.orders_import.documents import Buyer, Document, Line, OrderValues, unit_price
from retainctl.shop.orders_import.formats import Format

_WIDTH = 4


def chunks(file: InputFile, _format: Format, _delimiter: str) -> Iterator[LineChunk]:
    """The rows, each with the order that its customer and day make."""
    lines = TextLines(file)
    chunk = LineChunk(lines)
    for number, line in enumerate(lines):
        cells = line.split()
        if not cells:
            chunk.blank += 1
        elif number == 0 and not cells[0].isdigit():
            continue  # the header
        elif len(cells) != _WIDTH:
            origin = lines.origin(number, number + 1)
            chunk.held.append(Held("quarantined", origin, "", "too_short", f"the row has {len(cells)} cells, not 4"))
        else:
            order = f"{cells[0]}-{cells[1]}"
            if len(chunk.rows) >= CHUNK_ROWS and chunk.rows[-1][0] != order:
                yield chunk
                chunk = LineChunk(lines)
                lines.forget(number)
            chunk.rows.append((order, *cells))
            chunk.starts.append(number)
            chunk.ends.append(number + 1)
    yield chunk


def add(values: OrderValues, document: Document | None, cells: Cells) -> Document:
    """Book one row."""
    order, customer, day, pieces, dollars = cells
    currency = values.currency()
    quantity = values.whole(pieces, "number_of_cds")
    amount = values.money(dollars, currency, "dollar_value")
    instant, day_precision = values.instant(day, "date")
    if quantity < 0 or amount < 0:
        raise RowError("number_of_cds", "negative_quantity", "the row has a negative value")
    if document is None:
        document = Document(order, Buyer(external_id=customer), instant, currency, day_precision=day_precision)
    price = unit_price(amount, currency, quantity)
    document.lines.append(Line(None, quantity, price, amount))
    return document


def recognises(beginning: str) -> bool:
    return beginning.partition("\n")[0].split() == ["customer_id", "date", "number_of_cds", "dollar_value"]


FORMAT = Format(
    name="cdnow",
    source="cdnow",
    about="CDNOW: fixed-width columns of customer, day, pieces and dollars",
    columns=(
        Column("order_id", ("order",)),
        Column("customer_id", ("customer_id",)),
        Column("ordered_at", ("date",)),
        Column("quantity", ("number_of_cds",)),
        Column("total", ("dollar_value",)),
    ),
    layout=chunks,
    add=add,
    recognises=recognises,
    is_table=False,
    readings={"numbers": "1234.56", "dates": "%Y%m%d"},
)
