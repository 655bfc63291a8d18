"""What the name of a column says beside the word it is known by: a currency, or something that makes it another."""

from __future__ import annotations

import re
from typing import Final

from retainctl.money import may_be_written
from retainctl.shop.orders_import.proposing.likely_names import LIKELY_NAMES, folded, suggests

# What else the name of a column may have beside the words of its role, and still be that: else it is asked.
_BESIDE: Final = (
    "order|item|line|product|article|sale|customer|client|buyer|purchaser|shopper|value|amount|total|number|bestell"
    "|auftrag|position|zeile|acheteur|nabywc[ay]|klienta?|comprador|acquirente|koper|commande|ligne|zamowieni[ae]|pozycji"
    "|pedido|orden|linea|ordine|riga|regel|kunde|klient|покупателя|заказа"
    "|הזמנה|פריט|שורה|לקוח|סכום|סהכ|מספר"
)
_BESIDE_MONEY: Final = (
    _BESIDE + "|sum|net|gross|price|cost|paid|incl(?:uding|usive)?|inc|excl(?:uding|usive)?|ex|vat|tax|mwst|tva|iva|btw"
    "|brutto|netto|lordo|ttc|ht|inkl|exkl|preis|betrag|montant|prix|cena|kwota|wartosc|precio|prezzo|importo|valor"
    "|bedrag|prijs|charged?|paye|gezahlt|zaplaty|pagado|pagato|betaald|calkowita|ogolem|razem"
    "|цена|сумма|стоимость|מחיר|כולל|לפני|ללא|מעמ|עלות|דמי|לתשלום|ששולם"
)
_BESIDE_OF: Final[dict[str, str]] = {
    "unit_price": _BESIDE_MONEY
    + "|unit|each|single|piece|per|pro|stuck|unitaire|unitario|jednostkowa|stuk|ליחידה|יחידה|ליח",
    "line_total": _BESIDE_MONEY,
    "total": _BESIDE_MONEY + "|grand|final|to|be|endsumme|generale?|general|de|du|la|סופי|לתשלום",
    "discount": _BESIDE + "|coupon|promo(?:tion)?|voucher|rabatt?|gutschein",
    "order_discount": _BESIDE,
    "refunded": _BESIDE_MONEY + "|ed|ee?|et|de|ungs?",
    "quantity": _BESIDE + "|of|units?|pieces|sold|ordered|purchased|bought|bestellt|verkauft|vendues?|sprzedana|נמכרה",
    "returned_quantity": _BESIDE + "|ed|ge|eerd|ne",
    "email": _BESIDE + "|address|adress?e?|billing|contact|e|indirizzo|direccion|di|del|de|כתובת|דואר|אלקטרוני|של|ה",
    "ordered_at": _BESIDE + "|date|time|day|hour|created|placed|purchased?|at|on|local|und|and|et|ienia|azy"
    "|ו?שעה|מועד|ה|utc|gmt|עסקה|קנייה|מכירה|מסמך",
}
_BETWEEN: Final = re.compile(r"[\s()\[\]/_,:.-]+")
_A_WORD: Final = 3  # letters; fewer are the ending of a word that is known


def marks_in(name: str) -> list[str]:
    """The marks and codes of currencies in the *name* of a column: ``Total (USD)``, ``Price in €``."""
    return [word for word in _BETWEEN.split(name) if word == word.upper() and may_be_written(word)]


def says_more(name: str, role: str) -> bool:
    """Whether the *name* of a column that suggests *role* has words that may make it another: ``Salesperson email``."""
    if role not in _BESIDE_OF or not suggests(name, role):
        return False
    marks = marks_in(name)
    rest = folded(" ".join(word for word in _BETWEEN.split(name) if word not in marks))
    for one, pattern in LIKELY_NAMES:
        if one == role:
            rest = re.sub(pattern, "", rest)
    return len(re.findall(r"[^\W\d_]", re.sub(_BESIDE_OF[role], "", rest))) >= _A_WORD
