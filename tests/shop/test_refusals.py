"""A file that says "no" permits nobody: in any spelling, by whichever command, with a mapping or without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retainctl.config import Shop
from retainctl.intake.import_runs import FileResult, ImportOptions
from retainctl.shop.consent import permissions
from retainctl.shop.consent_import import import_consent
from retainctl.shop.customers_import import import_customers
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows

NOES = (
    "no", "No", "NO", "n", "false", "FALSE", "0", "off", "unsubscribed", "opted out", "opt-out", "revoked", "refused",
    "never", "do not contact", "blocked", "לא", "לא מאשר", "הסר", "הוסרה",
)  # fmt: skip
SHOPIFY = "Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price"


def bring(shop: Shop, file: Path, way: str, *, column: str, mapping: Path | None) -> FileResult[Any]:
    """The twenty spellings as twenty people's answers, in the column called *column*."""
    lines = {
        "consent": [f"email,{column}", *(f"p{at}@example.com,{word}" for at, word in enumerate(NOES))],
        "customers": [
            f"external_id,email,{column}", *(f"{at},p{at}@example.com,{word}" for at, word in enumerate(NOES)),
        ],
        "orders": [
            f"{SHOPIFY},{column}",
            *(f"#{at},p{at}@example.com,paid,ILS,5.00,2025-01-05,1,Mug,5.00,{word}" for at, word in enumerate(NOES)),
        ],
    }  # fmt: skip
    file.write_text("\n".join([*lines[way], ""]), encoding="utf-8")
    if way == "consent":
        return import_consent(shop, str(file), ImportOptions(mapping=mapping), evidence="moved")
    if way == "customers":
        return import_customers(shop, str(file), ImportOptions(mapping=mapping), consent_evidence="moved")
    options = OrderOptions(mapping=mapping, format="shopify", consent_evidence="moved")
    return import_orders(shop, str(file), options)


@pytest.mark.parametrize("mapped", [False, True], ids=["plain", "mapped"])
@pytest.mark.parametrize(
    ("way", "role", "usual"),
    [("consent", "answer", "answer"), ("customers", "accepts_email", "accepts_marketing"),
     ("orders", "accepts_marketing", "Accepts Marketing")],
    ids=["consent", "customers", "orders"],
)  # fmt: skip
def test_a_no_in_any_of_twenty_spellings_permits_nobody(
    shop: Shop, tmp_path: Path, way: str, role: str, usual: str, mapped: bool
) -> None:
    mapping = tmp_path / "said.toml" if mapped else None
    if mapping:
        mapping.write_text(f'[columns]\n{role} = "Mag er Post"\n', encoding="utf-8")
    if way == "consent":
        people = tmp_path / "people.csv"
        people.write_text("email\n" + "".join(f"p{at}@example.com\n" for at in range(len(NOES))), encoding="utf-8")
        import_customers(shop, str(people), ImportOptions())
    done = bring(shop, tmp_path / "file.csv", way, column="Mag er Post" if mapped else usual, mapping=mapping)
    assert done.quarantined == ()
    sql, values = permissions(at=shop.clock.now())
    assert rows(f"SELECT * FROM ({sql}) AS allowed", *values) == []
    if way == "consent":
        assert rows("SELECT action, COUNT(*) FROM consents GROUP BY action") == [("revoked", len(NOES))]
