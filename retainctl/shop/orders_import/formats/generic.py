"""Any table with a row a line: by the names of its columns, or by a mapping file that states what they mean."""

from __future__ import annotations

from retainctl.intake.cells import Column
from retainctl.intake.csv_rows import csv_chunks
from retainctl.shop.orders_import.formats import Format
from retainctl.shop.orders_import.sheets import REQUIRED, ROLES, STATUSES, add, finish

FORMAT = Format(
    name="generic",
    source="generic",
    about="any table with a row a line; --mapping says what its columns are",
    columns=tuple(Column(role, names, role in REQUIRED) for role, names in ROLES.items()),
    layout=csv_chunks,
    add=add,
    finish=finish,
    has_return_documents=True,
    readings={"statuses": STATUSES},
)
