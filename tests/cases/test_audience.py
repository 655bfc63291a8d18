"""Whom an expression finds where something is not known: nothing is not equal to anything, and is not less either."""

from __future__ import annotations

from retainctl.audience.segments import matching_ids
from retainctl.config import Shop
from retainctl.intake.import_runs import ImportOptions
from retainctl.shop.customers_import import import_customers
from tests.cases.conftest import Write

# Customer 1 reads Hebrew, 2 English, and of 3 and 4 nobody knows; nobody has ordered anything.
FOUND = {
    "language = he": [1],
    "not language = he": [2, 3, 4],
    "language != he": [2, 3, 4],
    "language in (he, en)": [1, 2],
    "language not in (he, en)": [3, 4],
    "not language in (he, en)": [3, 4],
    "language is missing": [3, 4],
    "language != he or language is missing": [2, 3, 4],
    "last_order before 90 days ago": [],
    "not last_order after 90 days ago": [1, 2, 3, 4],
    "last_order is missing": [1, 2, 3, 4],
    "orders = 0": [1, 2, 3, 4],
    "spent < 1": [1, 2, 3, 4],
    "spent = 0": [1, 2, 3, 4],
    "average_order < 10": [],
    "not average_order >= 10": [1, 2, 3, 4],
    "points = 0": [1, 2, 3, 4],
}


def test_not_equal_finds_those_of_whom_nothing_is_known_and_a_comparison_does_not(shop: Shop, write: Write) -> None:
    path = write(
        "customers.csv",
        "external_id,first_name,email,language",
        "1,Noa,noa@example.com,he",
        "2,,gil@example.com,en",
        "3,Roni,roni@example.com,",
        "4,,tal@example.com,",
    )
    import_customers(shop, path, ImportOptions())
    assert {expression: sorted(matching_ids(shop, expression)) for expression in FOUND} == FOUND
