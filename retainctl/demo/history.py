"""Two years of a coffee shop that never was: its catalogue, customers, orders and answers, the same at each run.

Nothing here is real: the names are drawn from two short lists, the addresses are at example.com, the numbers come from
a generator that always starts at the same place. What happens: customers join all along, buy at their own pace, and
stop one day (a geometric lifetime); some orders are cancelled or refunded; most customers, not all, agree to get mail.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

CUSTOMERS = 600
DAYS = 730
SEED = 1_729

_HEBREW_FIRST = (
    "נועה יעל מאיה תמר שירה אביגיל מיכל דנה עדי ליאור איתי נועם דוד יוסף משה אורי עומר יונתן דניאל רון".split()
)
_HEBREW_LAST = "כהן לוי מזרחי פרץ ביטון דהן אברהם פרידמן מלכה כץ עמר חדד גבאי בן־דוד לוין קליין חזן אשכנזי שלום".split()
_ENGLISH_FIRST = "Anna Maya Olga Irina Daniel Michael Sarah Rachel Tom Adam Lea Eva Nina Boris Alex Omar Layla".split()
_ENGLISH_LAST = "Cohen Levi Katz Ivanov Petrov Weiss Smith O'Brien Haddad Khoury Stein Gold Silver Novak Rossi".split()

# sku, name, category, brand, price in whole shekels, member price, cost, stock
_PRODUCTS = (
    ("BEAN-ETH", "פולי קפה אתיופיה 250 גרם", "קפה > פולי קפה", "Bunna", 54, 49, 22, 140),
    ("BEAN-COL", "פולי קפה קולומביה 250 גרם", "קפה > פולי קפה", "Bunna", 48, 44, 19, 200),
    ("BEAN-DEC", "פולי קפה נטול קפאין 250 גרם", "קפה > פולי קפה", "Bunna", 52, 48, 23, 60),
    ("GRND-TUR", "קפה טורקי טחון 200 גרם", "קפה > קפה טחון", "Shuk", 29, 26, 9, 310),
    ("GRND-ESP", "Espresso, ground 250 g", "קפה > קפה טחון", "Shuk", 42, 38, 16, 150),
    ("CAPS-INT", "Capsules, intense, 50", "קפה > קפסולות", "Volta", 99, 89, 41, 90),
    ("CAPS-MLD", "50 קפסולות בטעם עדין", "קפה > קפסולות", "Volta", 99, 89, 41, 80),
    ("TEA-MINT", "תה נענע, 20 שקיקים", "תה", "Galil", 18, 16, 5, 400),
    ("TEA-EARL", "Earl Grey, 100 g", "תה", "Galil", 36, 33, 12, 120),
    ("MUG-BLUE", "ספל קרמיקה כחול", "מטבח > ספלים וכוסות", "Yad", 65, 59, 24, 45),
    ("MUG-PAIR", "Cups for espresso, pair", "מטבח > ספלים וכוסות", "Yad", 85, 77, 33, 40),
    ("GRINDER", "מטחנת קפה ידנית", "מטבח > כלים להכנת קפה", "Volta", 249, 229, 118, 25),
    ("PRESS-1L", "French press, 1 l", "מטבח > כלים להכנת קפה", "Volta", 159, 145, 66, 35),
    ("SCALE", "משקל מטבח דיגיטלי", "מטבח > כלים להכנת קפה", "Volta", 129, 119, 52, 30),
    ("GIFT-BOX", "מארז מתנה ״בוקר טוב״", "מתנות", "Bunna", 189, 175, 84, 20),
)
_COMMENTS = (
    "הקפה הגיע טרי, והספל יפה מאוד", "Fast delivery, thank you!", "המחיר קצת גבוה", "The bag was torn.",
    "שירות מצוין, אזמין שוב", "I miss the old Colombia roast.", "חיכיתי שבוע למשלוח", "",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shopper:
    number: int
    first_name: str
    last_name: str
    email: str
    phone: str
    language: str
    joined: datetime
    consents: bool


def history(*, now: int, zone: ZoneInfo) -> dict[str, str]:
    """Two years that end the day before *now*: the files that a shop would import, each a name and its text."""
    chance = random.Random(SEED)  # noqa: S311 - a story, not a secret
    end = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    people = [_person(number, chance, end - timedelta(days=DAYS)) for number in range(1, CUSTOMERS + 1)]
    orders = sorted((moment, person.number) for person in people for moment in _visits(person, chance, end))
    by_number = {person.number: person for person in people}
    return {
        "products.csv": _csv(_product_rows()),
        "orders.csv": _csv(_order_rows(orders, by_number, chance)),
        "customers.csv": _csv(_customer_rows(people)),
        "consent.csv": _csv(_consent_rows(people)),
        "answers.csv": _csv(_answer_rows(people, chance, end)),
    }


def _person(number: int, chance: random.Random, start: datetime) -> Shopper:
    hebrew = chance.random() < 0.7
    first = chance.choice(_HEBREW_FIRST if hebrew else _ENGLISH_FIRST)
    last = chance.choice(_HEBREW_LAST if hebrew else _ENGLISH_LAST)
    return Shopper(
        number=number,
        first_name=first,
        last_name=last,
        email=f"customer{number}@example.com",
        phone=f"+97250{2_000_000 + number * 137}",
        language="he" if hebrew else "en",
        joined=start + timedelta(days=chance.random() * (DAYS - 20)),
        consents=chance.random() < 0.8,
    )


def _visits(person: Shopper, chance: random.Random, end: datetime) -> Iterator[datetime]:
    """When this customer bought: at a pace of one's own, until one stays away."""
    days_between = 15 + chance.expovariate(1 / 60)
    leaves = chance.betavariate(1.1, 3.5)
    moment = person.joined
    while moment < end:
        yield moment.replace(
            hour=8 + int(chance.random() * 13), minute=int(chance.random() * 60), second=0, microsecond=0
        )
        if chance.random() < leaves:
            return
        moment += timedelta(days=1 + chance.expovariate(1 / days_between))


def _product_rows() -> Iterator[Sequence[object]]:
    yield "sku name category brand price member_price cost currency stock active".split()
    for sku, name, category, brand, price, member_price, cost, stock in _PRODUCTS:
        yield sku, name, category, brand, f"{price}.00", f"{member_price}.00", f"{cost}.00", "ILS", stock, "yes"


def _order_rows(
    orders: list[tuple[datetime, int]], people: dict[int, Shopper], chance: random.Random
) -> Iterator[Sequence[object]]:
    columns = "order_id ordered_at email first_name last_name phone sku product category quantity unit_price discount"
    yield [*columns.split(), "currency", "status"]
    for number, (moment, person_number) in enumerate(orders, 10_001):
        person = people[person_number]
        who = (person.email, person.first_name, person.last_name, person.phone)
        status = chance.choices(("completed", "cancelled", "refunded"), (94, 3, 3))[0]
        for product in chance.sample(_PRODUCTS, k=chance.choices((1, 2, 3), (60, 30, 10))[0]):
            sku, name, category, _, price, *_ = product
            quantity = chance.choices((1, 2, 3), (80, 15, 5))[0]
            discount = price * quantity // 10 if chance.random() < 0.12 else 0
            sold = (sku, name, category, quantity, f"{price}.00", f"{discount}.00", "ILS", status)
            yield f"C{number}", moment.isoformat(), *who, *sold


def _customer_rows(people: list[Shopper]) -> Iterator[Sequence[object]]:
    yield "customer_id first_name last_name email phone language".split()
    for person in people:
        yield f"K{person.number}", person.first_name, person.last_name, person.email, person.phone, person.language


def _consent_rows(people: list[Shopper]) -> Iterator[Sequence[object]]:
    yield "email purpose happened_at wording".split()
    wording = {
        "he": "אני רוצה לקבל מקפה בוקר טוב דברי פרסומת ושאלות על השירות בדואר אלקטרוני",
        "en": "I want offers and questions about the service by e-mail",
    }
    for person in people:
        if person.consents:
            for purpose in ("marketing", "survey"):
                yield person.email, purpose, person.joined.isoformat(timespec="seconds"), wording[person.language]


def _answer_rows(people: list[Shopper], chance: random.Random, end: datetime) -> Iterator[Sequence[object]]:
    yield "respondent email answered_at recommend comment".split()
    for person in people:
        if chance.random() < 0.35:
            score = chance.choices(range(11), (1, 1, 1, 2, 2, 4, 6, 12, 20, 22, 29))[0]
            day = end - timedelta(days=chance.random() * 20)
            comment = chance.choice(_COMMENTS) if chance.random() < 0.5 else ""
            yield f"R{person.number}", person.email, day.isoformat(timespec="seconds"), score, comment


def _csv(rows: Iterator[Sequence[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
