"""The sums of an order: fees and discounts of the whole, the total that they come to, and the money that came back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from retainctl.intake.cells import RowError
from retainctl.money import rounded_half_up
from retainctl.shop.orders_import.documents import Document, Line, OrderValues, Quantity, Return


class PaidBack(NamedTuple):
    """Money that was paid back of a whole order, with its tax, at a time that is not known where *at* is None.

    Where the file says so it *is_of_goods*; else some of it may have been the shipping's or a fee's.
    """

    amount_minor: int
    at: int | None
    is_of_goods: bool = False


def full_return(document: Document, *, at: int | None) -> list[Return]:
    """The return of every sale line of *document*, on a day that is not known where *at* is None."""
    return [
        _of_line(document, place, line.quantity, line.amount_minor, line_no=place, at=at)
        for place, line in enumerate(document.lines, 1)
        if line.kind == "sale"
    ]


def _of_line(
    document: Document, place: int, pieces: Quantity, amount_minor: int, *, line_no: int, at: int | None
) -> Return:
    """The return of *pieces* of the line at *place*, on a day that is not known where *at* is None."""
    line = document.lines[place - 1]
    return Return(
        line_no,
        line.article,
        pieces,
        line.unit_price,
        amount_minor,
        document.currency,
        document.ordered_at if at is None else at,
        document.external_id,
        place,
        is_undated=at is None,
    )


def add_fees(values: OrderValues, document: Document, stated: Sequence[tuple[str, str]]) -> None:
    """Add what an order costs besides its goods, of the cells *stated* with their columns: no sale, nothing earns.

    A fee below zero is how shops give a discount of the whole order: ``take_off_fees`` spreads it, once its goods are
    there.
    """
    for text, column in stated:
        amount = values.money(text, document.currency, column)
        if amount > 0:
            document.lines.append(Line(None, 1, str(values.number(text, column)), amount, kind="fee"))
        document.taken_off_minor -= min(amount, 0)


def take_off_fees(document: Document) -> None:
    """Spread what fees below zero take off over the goods; what is more than those is taken off the shipping."""
    off_goods = min(document.taken_off_minor, document.gross_minor)
    spread_discount(document, off_goods)
    document.shipping_minor -= document.taken_off_minor - off_goods
    document.taken_off_minor = 0
    if document.shipping_minor < 0:
        raise RowError("fees", "bad_discount", "fees below zero take off more than the goods and the shipping")


def refund(values: OrderValues, document: Document, refunded_minor: int, *, at: int | None, column: str) -> None:
    """Give back *refunded_minor* of an order; of one that is refunded, and says not how much, all of its goods."""
    if document.status == "refunded" and not refunded_minor:
        document.returns = full_return(document, at=at)
    else:
        give_back(values, document, [PaidBack(refunded_minor, at)], column=column)


def give_back(values: OrderValues, document: Document, payments: Sequence[PaidBack], *, column: str) -> None:
    """Book what *payments* gave back of the goods, beside the returns that *document* has.

    Money that came back is the goods' first. What tax was added to them comes back with them, in their share of it:
    the goods' part of all payments so far is rounded once, half a minor unit upwards. A payment of exactly the shipping
    may be the shipping's: it takes nothing from the goods, and is noted. Where all that was paid came back, so did all
    of the goods. RowError where it is more than that, by more than the tolerance.
    """
    payments = [one for one in payments if one.amount_minor]
    paid = sum(one.amount_minor for one in payments) + sum(one.amount_minor for one in document.returns)
    asked = sum_minor(document) if document.total_minor is None else document.total_minor
    if any(one.amount_minor < 0 for one in payments) or paid > asked + tolerance_minor(document):
        raise RowError(column, "return_larger_than_order", "the refund is larger than the order")
    if payments and paid >= asked:
        times = [one.at for one in payments] + [None if one.is_undated else one.returned_at for one in document.returns]
        document.returns = full_return(document, at=_last(times))
        return
    goods, goods_with_tax = document.gross_minor, document.gross_minor + _goods_tax_minor(document)
    shipping = {document.shipping_minor, shipping_with_tax(document, document.shipping_minor)}
    so_far = booked = 0
    for one in payments:
        if one.amount_minor in shipping and not one.is_of_goods:
            values.note("refund_of_shipping")
            shipping = set()  # it comes back once
            continue
        so_far += one.amount_minor
        part = goods if so_far >= goods_with_tax else rounded_half_up(so_far * goods, goods_with_tax)
        if part > booked:
            document.returns.append(money_back(document, part - booked, at=one.at))
        booked = part
    keep_to_sold(document)


def money_back(document: Document, amount_minor: int, *, at: int | None) -> Return:
    """The next return of *document*: money of the whole order, on a day that is not known where *at* is None."""
    return Return(
        len(document.returns) + 1,
        None,
        0,
        "",
        amount_minor,
        document.currency,
        document.ordered_at if at is None else at,
        document.external_id,
        is_undated=at is None,
    )


def return_pieces(document: Document, *, paid_back_minor: int = 0) -> None:
    """Return the pieces of lines that came back, on a day that is not known, beside the returns there are.

    *paid_back_minor* was paid for all of it, with its tax; what is more than the pieces is money that came back.
    """
    for place, pieces in document.pieces_back:
        line = document.lines[place - 1]
        if line.kind != "sale":
            continue
        amount = rounded_half_up(line.amount_minor * int(pieces * 1000), int(line.quantity * 1000))
        line_no = len(document.returns) + 1
        document.returns.append(_of_line(document, place, pieces, amount, line_no=line_no, at=None))
    returned, goods = sum(one.amount_minor for one in document.returns), document.gross_minor
    tax = rounded_half_up(_goods_tax_minor(document) * returned, goods) if goods else 0
    if paid_back_minor - returned - tax > tolerance_minor(document):
        document.returns.append(money_back(document, paid_back_minor - returned - tax, at=None))
        keep_to_sold(document)


def keep_to_sold(document: Document) -> None:
    """Let what came back be no more than what was sold: the rest was shipping, a fee or a tip, which are no sale.

    Where money that came back is all that was sold, all of the goods came back, when the last of it did.
    """
    sold = {place for place, line in enumerate(document.lines, 1) if line.kind == "sale"}
    back = [one for one in document.returns if one.order_line is None or one.order_line in sold]
    returned = sum(one.amount_minor for one in back)
    is_money = any(not one.quantity for one in back)
    if returned > document.gross_minor or (is_money and 0 < returned == document.gross_minor):
        back = full_return(document, at=_last([None if one.is_undated else one.returned_at for one in back]))
    document.returns = back


def _last(times: Sequence[int | None]) -> int | None:
    """The last of *times*, which nobody knows where one of them is not known."""
    known = [at for at in times if at is not None]
    return max(known) if len(known) == len(times) else None


def spread_discount(document: Document, discount_minor: int) -> None:
    """Take a discount of the whole order from its sale lines, by their amounts, to the last minor unit."""
    places = [place for place, line in enumerate(document.lines) if line.kind == "sale" and line.amount_minor]
    gross = document.gross_minor
    if not 0 < discount_minor <= gross:
        return
    shares = {place: document.lines[place].amount_minor * discount_minor for place in places}
    whole = {place: share // gross for place, share in shares.items()}
    left = discount_minor - sum(whole.values())
    for place in sorted(places, key=lambda one: (-(shares[one] % gross), one))[:left]:
        whole[place] += 1
    for place, share in whole.items():
        line = document.lines[place]
        document.lines[place] = line._replace(
            amount_minor=line.amount_minor - share, discount_minor=line.discount_minor + share
        )


def check_total(values: OrderValues, document: Document, *, paid_minor: int = 0) -> None:
    """RowError where the stated total is not the lines with shipping, with or without tax, by more than the tolerance.

    *paid_minor* was paid already, as by a gift card, and is no part of it.
    """
    total = document.stated.get("total", "")
    if not total.strip():
        return
    stated = values.money(total, document.currency, "total") + paid_minor
    if min(_distances(document, stated)) > tolerance_minor(document):
        raise RowError("total", "bad_total", f"the total {total} does not equal the sum of the lines")
    document.total_minor = stated


def _distances(document: Document, total_minor: int) -> tuple[int, int]:
    """How far a total is from the parts, with what besides tax is in it: without the tax, and with it."""
    lines, with_others = document.gross_minor, document.gross_minor + _others(document)
    without = min(abs(total_minor - way) for way in (lines, with_others))
    with_tax = min(abs(total_minor - way - document.tax_minor) for way in (lines, with_others))
    return without, with_tax


def tolerance_minor(document: Document) -> int:
    """By how much sums of *document* may differ, for each line may have been rounded: a minor unit a line."""
    return max(len(document.lines), 1)


def sum_minor(document: Document) -> int:
    """All of an order's parts, with its tax."""
    return document.gross_minor + _others(document) + document.tax_minor - document.taken_off_minor


def _others(document: Document) -> int:
    """Shipping, fees, tips and gift cards bought."""
    return document.shipping_minor + sum(line.amount_minor for line in document.lines if line.kind != "sale")


def _added_tax_minor(document: Document) -> int:
    """The tax that was added to the prices: none where they include it, or nothing says that they do not."""
    is_added = document.tax_is_added
    if is_added is None and document.total_minor is not None:
        without, with_tax = _distances(document, document.total_minor)
        is_added = with_tax < without
    return document.tax_minor if is_added else 0


def _goods_tax_minor(document: Document) -> int:
    """Of the tax that was added, the goods': as the file says, or else their share of all that was sold."""
    added, goods, others = _added_tax_minor(document), document.gross_minor, _others(document)
    if document.goods_tax_minor is not None:
        return max(0, min(document.goods_tax_minor, added))
    return rounded_half_up(added * goods, goods + others) if goods else 0


def shipping_with_tax(document: Document, part_minor: int) -> int:
    """*part_minor* of the shipping, with the tax that was added to it."""
    added, others = _added_tax_minor(document), _others(document)
    tax, shared = added - _goods_tax_minor(document), others
    if document.shipping_tax_minor is not None:
        tax, shared = min(document.shipping_tax_minor, added), document.shipping_minor
    return part_minor + (rounded_half_up(tax * part_minor, shared) if shared > 0 else 0)
