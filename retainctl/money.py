"""Money: integer minor units and an ISO 4217 currency, never added across currencies.

Parsing follows our own grammar and not ``Decimal``'s, which would take ``NaN``, ``1e400`` and Arabic digits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from retainctl.errors import BadData

# ISO 4217: the currencies whose exponent is not two.
_EXPONENTS: Final = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}
_CURRENCIES: Final = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
    HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN
    PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY
    TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG""".split()
)
# How currencies are written beside an amount, but for their codes; of several that are written so the usual one first.
_MARKS: Final = {
    mark: codes.split()
    for mark, codes in {
        "₪": "ILS", "NIS": "ILS", "שח": "ILS", 'ש"ח': "ILS", "ש״ח": "ILS", "€": "EUR",
        "$": "USD CAD AUD NZD HKD SGD TWD MXN ARS CLP COP UYU BBD BSD BZD FJD JMD TTD",
        "US$": "USD", "CA$": "CAD", "C$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD",
        "MX$": "MXN", "R$": "BRL", "£": "GBP EGP LBP SYP GIP FKP SHP", "¥": "JPY CNY", "FR": "CHF", "SFR": "CHF",
        "KR": "SEK NOK DKK ISK", "ZŁ": "PLN", "ZL": "PLN", "KČ": "CZK", "KC": "CZK", "FT": "HUF", "LEI": "RON MDL",
        "ЛВ": "BGN", "₽": "RUB", "РУБ": "RUB", "Р": "RUB", "₴": "UAH", "ГРН": "UAH", "₺": "TRY", "TL": "TRY",
        "₹": "INR", "RS": "INR PKR LKR NPR MUR", "₩": "KRW", "฿": "THB", "₫": "VND", "₱": "PHP", "₦": "NGN",
    }.items()
}  # fmt: skip
NUMBER: Final = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,4}))?", re.ASCII)
SIGNS: Final = {"ILS": "₪", "USD": "$", "EUR": "€", "GBP": "£"}


def currency_code(text: str) -> str:
    """The ISO code that *text* names (``nis``, ``₪`` and ``שח`` are ILS), or BadData."""
    name = text.strip().upper()
    code = next(iter(may_be_written(name)), name)
    if code not in _CURRENCIES:
        raise BadData(f"{text!r} is not a currency", hint="Use an ISO 4217 code such as ILS, USD or EUR.")
    return code


def may_be_written(mark: str) -> Sequence[str]:
    """The currencies that a *mark* beside an amount may mean, such as ``$`` or an ISO code; none if it is no mark."""
    name = mark.strip(" .").upper()
    return _MARKS.get(name) or ((name,) if name in _CURRENCIES else ())


def exponent(currency: str) -> int:
    """How many decimals *currency* has."""
    return _EXPONENTS.get(currency, 2)


def parse_decimal(text: str) -> Decimal:
    """An exact number of up to 12 digits and 4 decimals, ASCII only; anything else is BadData."""
    if not NUMBER.fullmatch(text):
        raise BadData(f"{text!r} is not a number")
    return Decimal(text)


def to_minor(amount: Decimal, currency: str) -> int:
    """*amount* of major units in whole minor units; a finer amount is BadData."""
    scaled = amount.scaleb(exponent(currency))
    whole = int(scaled)
    if whole != scaled:
        raise BadData(f"{amount} has more decimals than {currency} allows")
    return whole


def round_to_minor(amount: Decimal, currency: str) -> int:
    """*amount* of major units in minor units, rounded half away from zero."""
    return int(amount.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_major(minor: int, currency: str) -> str:
    """``123456`` ILS as ``1234.56``, as ``parse_decimal`` reads it."""
    return f"{Decimal(minor).scaleb(-exponent(currency)):f}"


def format_minor(minor: int, currency: str) -> str:
    """``123456`` ILS as ``1,234.56``, for people."""
    digits = exponent(currency)
    return f"{Decimal(minor).scaleb(-digits):,.{digits}f}"


def sign_of(currency: str) -> str:
    """``₪`` of ILS; of a currency that has no sign its code."""
    return SIGNS.get(currency, currency)


def with_sign(minor: int, currency: str, *, whole: bool = False) -> str:
    """``-123456`` ILS as ``-₪1,234.56``, read from left to right in Hebrew too; CHF, which has no sign, as its code.

    A *whole* amount is rounded to major units, a half away from nought: ``-₪1,235``.
    """
    sign = SIGNS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    scale = 10 ** exponent(currency)
    amount = f"{rounded_half_up(abs(minor), scale):,}" if whole else format_minor(abs(minor), currency)
    return f"{'-' * (minor < 0)}{sign}{amount}"


def rounded_half_up(amount: int, parts: int) -> int:
    """*amount* by *parts* to the nearest whole, a half upwards."""
    return (2 * amount + parts) // (2 * parts)
