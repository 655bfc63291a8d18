"""Text to tree. A mistake is BadData that points at the token and suggests the closest valid word."""

from __future__ import annotations

from datetime import date
from typing import Final, cast

from retainctl.audience import tree
from retainctl.audience.fields import fields
from retainctl.audience.lexer import Tokens
from retainctl.definitions import is_name
from retainctl.errors import BadData
from retainctl.facets import Attribute
from retainctl.money import parse_decimal, to_minor
from retainctl.normalising import email_address
from retainctl.shop.consent import PURPOSES, Purpose

MAX_DEPTH = 32
MAX_DAYS = 366_000  # a thousand years

_SIGNS: Final = ("<", "<=", ">", ">=")
_DATE_WORDS: Final[dict[str, tree.Operator]] = {"before": "<", "after": ">", "since": ">=", "on": "="}
_DAYS: Final[dict[tree.Unit, int]] = {"day": 1, "week": 7, "month": 31, "year": 366}  # at most
_UNITS: Final = tuple(_DAYS)
_CONDITION_WORDS: Final = ("bought", "consented", "in", "not")


def parse(text: str, *, currency: str) -> tree.Tree:
    """The tree of *text*; money in it is in major units of *currency*."""
    return Parser(text, currency=currency).whole()


class Parser:
    """One method per rule::

        whole      = either END
        either     = every { "or" every }
        every      = one { "and" one }
        one        = "not" one | "(" either ")" | bought | consented | in_segment | asked
        bought     = "bought" ( "anything" | ( "category" | "product" | "brand" ) name )
                     { "at" "least" number ( "times" | "time" ) | "since" day }
        consented  = "consented" ( "marketing" | "survey" )
        in_segment = "in" "segment" name
        asked      = FIELD ( ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
                           | ( "before" | "after" | "since" | "on" ) day
                           | "between" value "and" value
                           | [ "not" ] "in" "(" value { "," value } ")"
                           | "is" ( "known" | "missing" ) )
        value      = number | name | domain | day, as the field's kind asks
        day        = 2025-03-01 | "today" | number ( "days" | "weeks" | "months" | "years" ) "ago"
        name       = a word, or a text in "double" or 'single' quotes; a doubled quote is one quote

    ``and`` binds tighter than ``or``. Words of the language may be written in capitals.
    """

    def __init__(self, text: str, *, currency: str) -> None:
        self.words = Tokens(text)
        self.currency = currency
        self.depth = 0

    def whole(self) -> tree.Tree:
        if self.words.now.kind == "end":
            raise self.words.error("the expression is empty", hint="For example: orders >= 5")
        found = self.either()
        if self.words.now.kind != "end":
            raise self.words.error(f"unexpected {self.words.now.text}", near=("and", "or"))
        return found

    def either(self) -> tree.Tree:
        parts = [self.every()]
        while self.words.take_word("or"):
            parts.append(self.every())
        return parts[0] if len(parts) == 1 else tree.Either(tuple(parts))

    def every(self) -> tree.Tree:
        parts: list[tree.Tree] = []
        sources: list[str] = []
        while True:
            start = self.words.now.start
            parts.append(self.one())
            sources.append(self.words.source[start : self.words.before.end])
            if not self.words.take_word("and"):
                return parts[0] if len(parts) == 1 else tree.Every(tuple(parts), tuple(sources))

    def one(self) -> tree.Tree:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.words.error(f"nested too deeply: {MAX_DEPTH} brackets and nots at most")
        try:
            if self.words.take_word("not"):
                return tree.Not(self.one())
            if self.words.take_sign("("):
                found = self.either()
                if not self.words.take_sign(")"):
                    raise self.words.error('expected ")"')
                return found
            if self.words.take_word("bought"):
                return self.bought()
            if self.words.take_word("consented"):
                return tree.Consented(cast("Purpose", self.words.one_of(*PURPOSES)))
            if self.words.take_word("in"):
                return self.in_segment()
            return self.asked()
        finally:
            self.depth -= 1

    def bought(self) -> tree.Tree:
        what = cast("tree.What", self.words.one_of("anything", "category", "product", "brand"))
        name = "" if what == "anything" else self.name()
        times, since = 1, None
        while self.words.now.is_word("at", "since"):
            if self.words.take_word("since"):
                since = self.day()
                continue
            self.words.step()
            self.words.one_of("least")
            times = self.whole_number(least=1)
            self.words.one_of("times", "time")
        return tree.Bought(what, name, times, since)

    def in_segment(self) -> tree.Tree:
        self.words.one_of("segment")
        token = self.words.now
        if not is_name(token.text):  # 2024 and 2024-03-01 are names too
            raise self.words.error("expected a segment name", hint="It consists of small letters, digits, _ and -.")
        self.words.step()
        return tree.InSegment(token.text)

    def asked(self) -> tree.Tree:
        field = self.field()
        if self.words.take_word("is"):
            known = self.words.one_of("known", "missing") == "known"
            return tree.Known(field) if known else tree.Not(tree.Known(field))
        if field.kind == "contact" and field.name != "email_domain":
            raise self.words.error('expected "is known" or "is missing"', hint=f"Write: {field.name} is known")
        token = self.words.now
        if token.is_word("not", "in"):
            negated = self.words.take_word("not")
            self.words.one_of("in")
            one_of = tree.OneOf(field, self.values(field))
            return tree.Not(one_of) if negated else one_of
        if token.is_sign("=", "!="):
            self.words.step()
            equal = tree.Comparison(field, "=", self.value(field))
            return equal if token.text == "=" else tree.Not(equal)
        return self.ordered(field)

    def ordered(self, field: Attribute) -> tree.Tree:
        """A comparison that needs values with an order: ``<``, ``before``, ``between`` and the like."""
        token = self.words.now
        days = tuple(_DATE_WORDS) if field.kind == "date" else ()
        if not (token.is_sign(*_SIGNS) or token.is_word("between", *days)):
            words = (*days, "between", "in", "is", "not")
            hint = "Use one of: = != < <= > >= " + " ".join(words)
            raise self.words.error(f"expected a comparison after {field.name}", near=words, hint=hint)
        if field.kind in ("text", "contact"):
            raise self.words.error(f"{field.name} is text and has no order", hint="Use =, != or in.")
        self.words.step()
        if token.is_word("between"):
            low = self.value(field)
            self.words.one_of("and")
            last = self.words.now
            high = self.value(field)
            if _is_reversed(low, high):
                raise self.words.error(f"the range is reversed: {last.text} must come first", at=last)
            return tree.Between(field, low, high)
        if token.kind == "word":
            return tree.Comparison(field, _DATE_WORDS[token.text.casefold()], self.day())
        return tree.Comparison(field, cast("tree.Operator", token.text), self.value(field))

    def field(self) -> Attribute:
        token = self.words.now
        if token.kind != "word":
            raise self.words.error(
                "expected a condition" if token.kind == "end" else f"{token.text} is not a condition"
            )
        if field := fields().get(token.text.casefold()):
            self.words.step()
            return field
        raise self.words.error(
            f"unknown field {token.text}",
            near=(*fields(), *_CONDITION_WORDS),
            hint="Use one of: " + ", ".join(fields()) + ".",
        )

    def values(self, field: Attribute) -> tuple[tree.Value, ...]:
        if not self.words.take_sign("("):
            raise self.words.error('expected "("', hint=f"Write: {field.name} in (one, another)")
        values = [self.value(field)]
        while self.words.take_sign(","):
            values.append(self.value(field))
        if not self.words.take_sign(")"):
            raise self.words.error('expected ")"')
        return tuple(values)

    def value(self, field: Attribute) -> tree.Value:
        if field.kind == "date":
            return self.day()
        if field.kind == "number":
            return self.whole_number()
        if field.kind == "money":
            return self.money()
        return self.domain() if field.kind == "contact" else self.name()

    def domain(self) -> str:
        """A domain, normalised as in the keys of e-mail addresses: lower case and ASCII only."""
        token = self.words.now
        try:
            return email_address(f"any@{self.name().removeprefix('@')}").key.rpartition("@")[2]
        except BadData:
            raise self.words.error(f"{token.text} is not a domain", at=token, hint='Write: "gmail.com"') from None

    def whole_number(self, *, least: int = -(10**12)) -> int:
        token = self.words.now
        if token.kind != "number" or "." in token.text:
            raise self.words.error("expected a whole number")
        if len(token.text) > 12:
            raise self.words.error(f"{token.text} has more than 12 digits")
        if int(token.text) < least:
            raise self.words.error(f"{token.text} is less than {least}")
        self.words.step()
        return int(token.text)

    def money(self) -> int:
        token = self.words.now
        if token.kind != "number":
            raise self.words.error("expected an amount", hint="Write it in major units, such as 200.50")
        try:
            minor = to_minor(parse_decimal(token.text), self.currency)
        except BadData as error:
            raise self.words.error(str(error)) from None
        self.words.step()
        return minor

    def day(self) -> date | tree.Ago:
        token = self.words.now
        if token.kind == "date":
            try:
                day = date.fromisoformat(token.text)
            except ValueError:
                raise self.words.error(f"there is no day {token.text}") from None
            self.words.step()
            return day
        if self.words.take_word("today"):
            return tree.Ago(0, "day")
        if token.kind != "number":
            raise self.words.error("expected a day", hint="Write 2025-03-01, today, or 90 days ago.")
        count = self.whole_number(least=0)
        unit = cast("tree.Unit", self.words.one_of(*_UNITS, *(f"{unit}s" for unit in _UNITS)).removesuffix("s"))
        self.words.one_of("ago")
        if count * _DAYS[unit] > MAX_DAYS:
            raise self.words.error(f"{token.text} {unit}s ago is too long ago", at=token)
        return tree.Ago(count, unit)

    def name(self) -> str:
        token = self.words.now
        if token.kind == "word":
            self.words.step()
            return token.text
        if token.kind == "text":
            self.words.step()
            quote = token.text[0]
            return token.text[1:-1].replace(quote * 2, quote)
        raise self.words.error("expected a text", hint='Put it in quotes: "Coffee"')


def _is_reversed(low: tree.Value, high: tree.Value) -> bool:
    """Whether *low* comes after *high*, as far as that can be told without today's date."""
    if isinstance(low, tree.Ago) and isinstance(high, tree.Ago):
        return low.unit == high.unit and low.count < high.count
    if isinstance(low, date) and isinstance(high, date):
        return low > high
    return isinstance(low, int) and isinstance(high, int) and low > high
