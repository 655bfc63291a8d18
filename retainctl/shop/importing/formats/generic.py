"""Any table with a row a line: by the names of its columns, or by a mapping file that states what they mean."""

from __future__ import annotations

from retainctl.shop.importing.format import Column, Format
from retainctl.shop.importing.sheets import REQUIRED, ROLES, STATUSES, add, finish
from retainctl.shop.importing.tables import csv_chunks

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
