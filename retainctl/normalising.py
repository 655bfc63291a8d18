"""Names, e-mail addresses, phones and postal addresses, as they are kept and as they are compared.

Millions of cells go through here, so each function first tries a plain form that is certainly right, and asks
the thorough library only about the rest.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from retainctl.errors import BadData

NAME_LENGTH = 200
POSTAL_LENGTH = 500
EMAIL_LENGTH = 254

EmailFlag = Literal["", "role", "test", "relay", "needs_smtputf8"]

_NULL_WORDS: Final = frozenset({"", "null", "undefined", "n/a", "-", "none", "nan"})

# What is typed as the number or name of a buyer of whom nothing is known.
_GUESTS: Final = frozenset(
    "guest guests anonymous walkin walk-in unknown cash אורח אורחת מזדמן מזדמנת אנונימי".split()
) | {"walk-in customer", "guest customer", "לקוח מזדמן", "לקוחה מזדמנת", "לקוח אורח", "לקוח כללי"}

_SPACES: Final = " \t\xa0"  # a line break is no space: it would open a second header line

_PLAIN_EMAIL: Final = re.compile(
    r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@((?:[A-Za-z0-9]{1,63}\.)+)([A-Za-z]{2,63})", re.ASCII
)
_NAMED_EMAIL: Final = re.compile(r"([^<>]*)<\s*([^<>\s]+)\s*>")
# Domains under which no address can be written to (RFC 2606, RFC 6761); email-validator refuses them too.
_SPECIAL_DOMAINS: Final = frozenset("arpa invalid local localhost onion test".split())

# Nobody reads these. "info" and "office" are not among them: small businesses buy with such addresses.
_ROLES: Final = frozenset(
    "noreply no-reply no_reply donotreply do-not-reply do_not_reply mailer-daemon postmaster hostmaster webmaster"
    " abuse spam root nobody".split()
)
_TESTS: Final = frozenset("test tests tester testing asdf qwerty".split())
# What a till that demands an address is given.
_FILLERS: Final = frozenset("none na guest walkin walk-in no-email noemail no_email nomail no-mail anonymous".split())
_TEST_DOMAINS: Final = frozenset({"test.com", "asdf.com"})
# One address, or one a sale, that a marketplace lends to its buyers.
_RELAY_DOMAIN: Final = re.compile(r"marketplace\.amazon\.[a-z.]+|members\.ebay\.[a-z.]+|relay\.walmart\.com")

_FILLED: Final = re.compile(r"(\d)\1{6,}|(?:972|0)?5\d0{7}", re.ASCII)  # what a till that demands a number is given
_PLAIN_PHONE: Final = re.compile(r"(?:\+972|0)(5\d)-?(\d{7})", re.ASCII)
SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+", re.ASCII)


class CleanName(NamedTuple):
    """A name as it is kept, None where there is none; *notes* say what had to be changed."""

    value: str | None
    notes: tuple[str, ...] = ()


class EmailAddress(NamedTuple):
    """An address as given, as compared, and why nobody should be mailed there (``""``: no such reason)."""

    value: str
    key: str
    flag: EmailFlag = ""


_LINK: Final = re.compile(
    r"://|\bwww\.|\w@\w|\bhttps?:", re.IGNORECASE
)  # no name, and a mail program makes a link of it


# What ``person_name`` may note, in words.
NAME_NOTES: Final = {
    "marks_removed": "names with control or direction marks, now removed",
    "link": "names with a link or an address in them, which were left out",
    "cut": "names truncated to 200 characters",
}


def clean_name(text: str, *, length: int = NAME_LENGTH) -> CleanName:
    """*text* in NFC on one line, without control, bidi and zero-width marks, of at most *length* characters.

    Words that programs write for nothing (``null``, ``N/A``, ``-``) are None. The notes are ``marks_removed``
    (what could have opened a second header line, or turned the text round) and ``cut``.
    """
    notes: list[str] = []
    if text.isprintable():
        clean = " ".join(unicodedata.normalize("NFC", text).split())
    else:
        clean, notes = _without_marks(text)
    if clean.casefold() in _NULL_WORDS:
        return CleanName(None, tuple(notes))
    if len(clean) > length:
        clean = clean[:length].rstrip()
        notes.append("cut")
    return CleanName(clean, tuple(notes))


def person_name(text: str) -> CleanName:
    """``clean_name`` of a person, whom mails greet: what a mail program makes a link of is no name (``link``)."""
    name = clean_name(text)
    return CleanName(None, (*name.notes, "link")) if name.value and _LINK.search(name.value) else name


def _without_marks(text: str) -> tuple[str, list[str]]:
    clean, removed = [], False
    for mark in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(mark)
        if kind == "Zs":
            clean.append(" ")
        elif kind not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            clean.append(mark)
        else:
            removed = True
            if kind in ("Cc", "Zl", "Zp"):
                clean.append(" ")  # a line break parts two words
    words = "".join(clean).split(" ")
    # Taking marks out may have brought a letter and its accent together.
    value = unicodedata.normalize("NFC", " ".join(word for word in words if word))
    return value, ["marks_removed"] if removed else []


def is_null(text: str) -> bool:
    """Whether a cell says nothing: empty, or one of the words that programs write for nothing."""
    return text.strip().casefold() in _NULL_WORDS


def is_nobody(text: str) -> bool:
    """Whether the number of a customer is none: empty, noughts alone, or a word for a guest."""
    return is_null(text) or not text.strip().strip("0") or text.strip().casefold() in _GUESTS


def external_id(text: str) -> str:
    """What a shop calls something, kept exactly; BadData for one that a spreadsheet has turned into a number."""
    if SCIENTIFIC.fullmatch(text.strip()):
        raise BadData(f"the id {text!r} was damaged by a spreadsheet")
    if not text.isprintable():
        raise BadData(f"the id {text!r} contains control characters")
    return text


def email_address(text: str) -> EmailAddress:
    """The one e-mail address in *text*; BadData says in a sentence why there is none.

    Only spaces around it and ``Name <address>`` are put right; anything else that is wrong stays wrong.
    """
    if len(text) > 4 * EMAIL_LENGTH:
        raise BadData(f"{shortened(text)!r} is not an e-mail address: it is {len(text):,} characters long")
    address = text.strip(_SPACES)
    plain = _PLAIN_EMAIL.fullmatch(address)
    if not plain or len(address) > EMAIL_LENGTH or len(plain[1]) > 64 or plain[3].lower() in _SPECIAL_DOMAINS:
        return _unusual_email(address)
    key = address.lower()
    return EmailAddress(address, key, _email_flag(key))


@lru_cache(maxsize=10_000)
def _unusual_email(address: str) -> EmailAddress:
    """The address in *address* by the whole grammar."""
    from email_validator import EmailNotValidError, validate_email

    address = "".join(mark for mark in address if unicodedata.category(mark) != "Cf").strip(_SPACES)
    if named := _NAMED_EMAIL.fullmatch(address):
        if "@" in named[1] and named[1].strip(" \"'") != named[2]:
            raise BadData(f"{address!r} contains two e-mail addresses")
        address = named[2]
    try:
        valid = validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise BadData(f"{address!r} is not an e-mail address: {str(error).rstrip('.')}") from None
    local = unicodedata.normalize("NFC", valid.local_part.lower())
    key = f"{local}@{valid.ascii_domain.lower()}"
    return EmailAddress(address, key, "needs_smtputf8" if valid.ascii_email is None else _email_flag(key))


def _email_flag(key: str) -> EmailFlag:
    local, _, domain = key.rpartition("@")
    if local in _ROLES:
        return "role"
    if local in _TESTS or local in _FILLERS or domain in _TEST_DOMAINS:
        return "test"
    if _RELAY_DOMAIN.fullmatch(domain):
        return "relay"
    return ""


def as_typed(text: str) -> str:
    """*text* without what keeps a spreadsheet from making a number of it: ``'052…`` and ``="052…"``."""
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1]
    return text.removeprefix("'")


def phone_number(text: str, country: str) -> str:
    """The phone number in *text* in E.164, read as one dials it in *country* (ISO 3166, may be empty); else BadData."""
    if len(text) > 4 * EMAIL_LENGTH:
        raise BadData(f"{shortened(text)!r} is not a phone number: it is {len(text):,} characters long")
    if _FILLED.fullmatch(re.sub(r"\D", "", text, flags=re.ASCII)):
        raise BadData(f"{text!r} is nobody's phone number")
    if country == "IL" and (plain := _PLAIN_PHONE.fullmatch(text)):
        return f"+972{plain[1]}{plain[2]}"
    return _unusual_phone(text, country)


@lru_cache(maxsize=10_000)
def _unusual_phone(text: str, country: str) -> str:
    import phonenumbers

    number = as_typed(text.strip())
    if SCIENTIFIC.fullmatch(number):
        raise BadData(f"the phone {text!r} was damaged by a spreadsheet")
    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        lacks_country = not country and not number.startswith("+")
        why = "; it has no country code, and the shop states no country" if lacks_country else ""
        raise BadData(f"{text!r} is not a phone number{why}") from None
    # Ranges are given out every year: a number as long as a mobile one counts, whether or not its range is known.
    if not phonenumbers.is_valid_number(parsed) and not phonenumbers.is_possible_number_for_type(
        parsed, phonenumbers.PhoneNumberType.MOBILE
    ):
        raise BadData(f"{text!r} is not a phone number" + (f" in {country}" if country else ""))
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def postal_key(address: str) -> str:
    """A cleaned postal address as two of them are compared: without case, punctuation and spacing."""
    return " ".join(re.findall(r"\w+", address.casefold()))


def category_steps(path: str) -> tuple[str, ...]:
    """The steps of a category such as ``Kitchen > Coffee``, as they are compared: by any case, composed or not."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
    return tuple(step.strip() for step in folded.split(">") if step.strip())


# Not what a sentence says of addresses: "the @-sign", "'@'".
# A match begins where a word does, so that a long one without an @ is looked at once.
_ADDRESS = re.compile(r"""(?<![^\s<>'"(),;:@])(?!['"]?@(?:-sign|['"]))[^\s<>'"(),;:@]*+@[^\s<>'"(),;:]*""")


_QUOTED_LENGTH: Final = 300


def shortened(sentence: str) -> str:
    """*sentence* without the middle of what makes it long, such as a cell of 100 kB that it quotes."""
    if len(sentence) <= _QUOTED_LENGTH:
        return sentence
    return f"{sentence[: _QUOTED_LENGTH // 2]}…{sentence[-_QUOTED_LENGTH // 2 :]}"


def masked(sentence: str) -> str:
    """*sentence* with whatever looks like an e-mail address as ``d***@e***.com``."""
    return _ADDRESS.sub(_mask, sentence) if "@" in sentence else sentence


def _mask(found: re.Match[str]) -> str:
    name, _, domain = found[0].partition("@")
    _, dot, last = domain.rpartition(".")
    return f"{name[:1]}***@{domain[:1]}***{dot}{last if dot else ''}"
