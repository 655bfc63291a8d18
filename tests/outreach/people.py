"""Customers for outreach tests, made as an import would leave them."""

from __future__ import annotations

from retainctl.config import Shop
from retainctl.shop import consent
from tests.planting import give, plant, plant_address


def customer(
    shop: Shop,
    first_name: str | None = "דנה",
    last_name: str | None = "לוי",
    *,
    address: str | None = "",
    agrees: bool = True,
    purpose: consent.Purpose = "marketing",
) -> int:
    """A customer with an address of their own (None: without one) who agreed to be written to; the id."""
    now = shop.clock.now()
    made = plant("customers", first_name=first_name, last_name=last_name, created_at=now)
    if address is not None:
        address = address or f"customer{made}@example.com"
        point = plant_address(made, address, created_at=now)
        if agrees:
            give(shop, point, purpose=purpose, source="till", evidence="form 17")
    return made
