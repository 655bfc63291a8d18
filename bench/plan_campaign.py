"""Planning a campaign to 100,000 customers: who, why not, and what each message will say of them.

Ours asks consent, suppression, the contact budget and earlier mailings of each customer, works out what the templates
use (names, the last order's day, points, the category bought most) and writes one checked row. The floor writes the
same finished rows with one executemany in one transaction, and works out nothing.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from bench.measure import Run, race, run
from retainctl.club.terms import write_first_file
from retainctl.config import Shop, init_folder, read_shop
from retainctl.outreach.campaign_texts import sample
from retainctl.outreach.composing import templates_of
from retainctl.outreach.planning import plan
from retainctl.outreach.programs import Recipe
from retainctl.store.dialect import insert_many
from retainctl.store.opening import open_database
from retainctl.store.outreach import Mailing
from retainctl.store.transactions import writing

COUNT = 100_000
NOW = "2025-03-02T10:00"


def main() -> None:
    if len(sys.argv) > 1:
        shop = read_shop(sys.argv[2], now=NOW)
        with open_database(shop.database_url, now=shop.clock.now(), migrate=True):
            VARIANTS[sys.argv[1]](shop)
        return
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template"
        _make(template)

        def timed(name: str) -> Run:
            copy = Path(folder) / "copy"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(template, copy)
            return run([sys.executable, "-m", "bench.plan_campaign", name, copy])

        race(
            f"Plan a campaign to {COUNT:,} customers",
            {name: lambda name=name: timed(name) for name in VARIANTS},  # type: ignore[misc]
            rounds=3,
            work=f"{COUNT:,} customers with {3 * COUNT:,} orders; 90 % agreed to be written to.",
        )


def ours(shop: Shop) -> None:
    plan(shop, _recipe(shop), range(1, COUNT + 1))


def written_only(shop: Shop) -> None:
    recipe = _recipe(shop)
    mailing = Mailing.create(
        program="campaign",
        name="spring",
        class_="marketing",
        purpose="marketing",
        state="planned",
        draft="",
        templates=recipe.templates.to_json(),
        plan_hash="",
        planned_at=shop.clock.now(),
    )
    context = json.dumps(
        {"name": "דנה לוי", "first_name": "דנה", "last_order": "1.1.2025", "points": 0, "top_category": "category 7"},
        ensure_ascii=False,
    )
    with writing():
        insert_many(
            "recipients",
            ("mailing_id", "customer_id", "contact_point_id", "excluded", "context"),
            (
                (mailing.id, i, i, "", context) if i % 10 else (mailing.id, i, None, "no_consent", "{}")
                for i in range(1, COUNT + 1)
            ),
        )


VARIANTS = {"executemany of finished rows": written_only, "retainctl": ours}


def _recipe(shop: Shop) -> Recipe:
    said, body = sample("offer", language="he")
    templates = templates_of(
        shop,
        subject=said.subject,
        preheader=said.preheader,
        reason=said.reason,
        body=body,
        purpose="marketing",
        constants={"what": "קפה", "link": ""},
    )
    return Recipe(program="campaign", name="spring", purpose="marketing", templates=templates)


def _make(folder: Path) -> None:
    """A shop whose customers are all alike, but for one in ten who did not agree."""
    init_folder(folder, name="החנות", language="he", currency="ILS", timezone="Asia/Jerusalem", country="IL")
    write_first_file(folder, currency="ILS")
    shop, everybody = read_shop(str(folder), now=NOW), range(1, COUNT + 1)
    tables: dict[str, tuple[str, object]] = {
        "customers": ("id first_name last_name created_at", ((i, "דנה", "לוי", 0) for i in everybody)),
        "contact_points": (
            "id customer_id kind value key key_hash source created_at",
            ((i, i, "email", f"c{i}@example.com", f"c{i}@example.com", i.to_bytes(16), "x", 0) for i in everybody),
        ),
        "consents": (
            "contact_point_id purpose action happened_at recorded_at source evidence",
            ((i, "marketing", "given", 0, 0, "x", "form") for i in everybody if i % 10),
        ),
        "customer_summaries": (
            "customer_id currency orders gross_minor returns_minor first_order_day last_order_day",
            ((i, "ILS", 3, 1000, 0, 19723, 20089) for i in everybody),
        ),
        "products": ("id sku category", ((i, str(i), f"category {i % 20}") for i in range(1, 201))),
        "imports": (
            "id kind file_name sha256 source format options imported_at",
            [(1, "orders", "x", "0" * 64, "x", "x", "{}", 0)],
        ),
        "orders": (
            "id source external_id customer_id ordered_at order_day order_month status is_sale currency"
            " gross_minor content_hash import_id",
            (
                (i, "x", str(i), (i - 1) // 3 + 1, 0, 19723, 24288, "paid", 1, "ILS", 100, b"", 1)
                for i in range(1, 3 * COUNT + 1)
            ),
        ),
        "order_lines": (
            "order_id line_no kind product_id quantity_thousandths unit_price amount_minor",
            ((i, 0, "sale", i % 200 + 1, 1000, "1", 100) for i in range(1, 3 * COUNT + 1)),
        ),
    }
    with open_database(shop.database_url, now=0, migrate=True), writing():
        for table, (columns, made) in tables.items():
            insert_many(table, columns.split(), made)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
