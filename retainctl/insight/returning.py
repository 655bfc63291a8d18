"""Month by month: what first orders and later ones brought in, who joined, and who of them bought again soon."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from retainctl.clock import day_of, month_number
from retainctl.insight.periods import ReportPeriod
from retainctl.insight.story import share_of
from retainctl.insight.walking import walked

SOON = 90  # days within which a second order shows that a customer has stayed


@dataclass(slots=True)
class History:
    """All of it counted by month."""

    first_minor: Counter[int]
    later_minor: Counter[int]
    joined: Counter[int]
    again: Counter[int]
    last_day: int

    @classmethod
    def of(cls, period: ReportPeriod, currency: str) -> History:
        """Of the orders of *period*, in *currency*; who joined is counted in every currency, before the period too."""
        found = cls(Counter(), Counter(), Counter(), Counter(), 0)
        begin = period.days[0]
        for orders in walked(period):
            first = orders[0]
            month = month_number(day_of(first.day))
            found.joined[month] += 1
            found.again[month] += first.next_in_days is not None and first.next_in_days <= SOON
            for order in orders:
                found.last_day = max(found.last_day, order.day)
                if order.currency == currency and order.day >= begin:
                    sums = found.first_minor if order.number == 1 else found.later_minor
                    sums[month_number(day_of(order.day))] += order.minor
        return found

    def months(self) -> range:
        """From the first month with an order to the last, without a gap."""
        known = self.first_minor.keys() | self.later_minor.keys()
        return range(min(known), max(known) + 1) if known else range(0)

    @property
    def running(self) -> int:
        """The month of the last order, which may not be over."""
        return month_number(day_of(self.last_day))

    def share_again(self, months: range) -> float | None:
        """Of those who joined in *months*, who bought again soon; None where they are too few for a share."""
        return share_of(sum(self.again[month] for month in months), sum(self.joined[month] for month in months))

    def knows(self, months: range) -> bool:
        """Whether there were orders in the first of *months* or before, so that who joined in them is known."""
        return min(self.joined, default=months.start + 1) <= months.start

    def known_until(self) -> int:
        """The last month whose newly joined have had all their days."""
        return month_number(day_of(self.last_day - SOON + 1)) - 1
