"""A shop with a row in every table, put there as the program leaves them."""

from __future__ import annotations

from retainctl.club.spending import add
from retainctl.config import Shop
from retainctl.store.database import execute, value
from retainctl.store.transactions import writing
from tests.planting import plant, plant_address

ZEROS = "0" * 64


def fill(shop: Shop) -> None:
    """Leave at least one row in each table that has none: a customer who was merged, bought, changed an order, brought
    it back, was written to and answered."""
    with writing():
        run = plant(
            "imports",
            kind="orders",
            file_name="x",
            sha256=ZEROS,
            source="web",
            format="generic",
            options="{}",
            imported_at=0,
        )
        plant(
            "held_rows",
            import_id=run,
            disposition="quarantined",
            line=2,
            byte_offset=9,
            document="",
            column_name="sku",
            code="bad",
            message="bad",
            raw_bytes=b"x",
        )
        dana, again = (plant("customers", first_name=name, language="he", created_at=0) for name in ("דנה", "דנית"))
        plant("customer_keys", source="web", external_id="7", customer_id=dana)
        point = plant_address(dana, "dana@shop.example", flag="role")
        plant(
            "customer_changes",
            customer_id=dana,
            changed_at=0,
            field="first_name",
            before="דנ",
            after="דנה",
            source="web",
        )
        merge = plant("customer_merges", survivor_id=dana, merged_id=again, merged_at=0, reason="one person")
        plant("customer_merge_moves", merge_id=merge, table_name="orders", row_key="[1]")
        plant(
            "consents",
            contact_point_id=point,
            purpose="marketing",
            action="given",
            happened_at=0,
            recorded_at=0,
            source="till",
            evidence="form 17 of Dana",
        )
        plant(
            "suppressions",
            kind="email",
            key_hash=bytes(16),
            key="old@shop.example",
            reason="by_hand",
            suppressed_at=0,
            evidence="Dana rang",
        )
        plant(
            "reinstatements",
            kind="email",
            key_hash=bytes(16),
            key="old@shop.example",
            reinstated_at=1,
            evidence="Dana rang again",
        )
        mug = plant("products", sku="MUG", category="Kitchen")
        order = plant(
            "orders",
            source="web",
            external_id="1",
            customer_id=dana,
            ordered_at=0,
            order_day=0,
            order_month=23640,
            status="paid",
            is_sale=1,
            currency="ILS",
            gross_minor=900,
            content_hash=b"x",
            import_id=run,
        )
        plant(
            "order_lines",
            order_id=order,
            line_no=1,
            kind="sale",
            product_id=mug,
            quantity_thousandths=750,
            unit_price="9",
            amount_minor=900,
        )
        plant("order_versions", order_id=order, version=1, replaced_at=0, import_id=run, content='{"name": "Dana"}')
        plant(
            "order_returns",
            source="web",
            external_id="1r",
            line_no=1,
            customer_id=dana,
            order_id=order,
            order_line_no=1,
            product_id=mug,
            quantity_thousandths=750,
            amount_minor=900,
            currency="ILS",
            returned_at=0,
            return_day=0,
            content_hash=b"x",
            import_id=run,
        )
        plant("customer_summaries", customer_id=dana, currency="ILS", orders=1, gross_minor=900, returns_minor=900)
        version = plant(
            "definitions", kind="segment", name="buyers", version=1, hash=ZEROS, text="orders >= 1", first_used_at=0
        )
        segment = plant("segments", name="buyers", definition_id=version, members=1, refreshed_at=0)
        plant("segment_members", segment_id=segment, customer_id=dana, joined_at=0)
        plant("signing_keys", key_id="k1", secret=bytes(32), created_at=0)
        mailing = plant(
            "mailings",
            program="campaign",
            name="spring",
            **{"class": "marketing"},
            purpose="marketing",
            state="active",
            plan_hash="x",
            planned_at=0,
        )
        plant("recipients", mailing_id=mailing, customer_id=dana, contact_point_id=point)
        message = plant(
            "outbox",
            month=23640,
            mailing_id=mailing,
            customer_id=dana,
            contact_point_id=point,
            channel="files",
            message_key="k",
            message_id="<k@shop.example>",
            **{"class": "marketing"},
            to_address="dana@shop.example",
            state="planned",
            next_at=0,
        )
        plant("payloads", outbox_id=message, bytes=b"x")
        plant(
            "outbox_events", outbox_id=message, month=23640, at=0, from_state="planned", to_state="claimed", claim_no=1
        )
        response = plant(
            "responses", survey="spring", respondent="r1", customer_id=dana, content_hash=b"x", import_id=run
        )
        plant("answers", response_id=response, question="nps", score=9)
        plant("runs", name="nightly", period="nightly:1970-01-01", due_at=0, started_at=0)
        plant("job_leases", job="nightly", host="here", lease_until=9)
        execute("INSERT INTO locks (name) VALUES ('import') ON CONFLICT DO NOTHING")
    add(shop, dana, 50, source="till:1", reason="Dana waited")
    with writing():
        account = value("SELECT id FROM accounts WHERE customer_id = ?", dana)
        plant("awards", order_id=order, account_id=account, order_version=1, terms_version=1, currency="ILS", points=0)
        plant("awarded_lines", order_id=order, line_no=1, amount_minor=900, points=0, category="Kitchen")
