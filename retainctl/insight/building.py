"""Every report and the results of every survey as pages in one folder, with a first page that leads to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from retainctl.config import Shop
from retainctl.errors import BadConfiguration, BadData, DoneInPart
from retainctl.files import write_text
from retainctl.html_page import framed
from retainctl.insight.pages import Page, page, when
from retainctl.insight.periods import ReportPeriod
from retainctl.insight.reports import Report, all_reports, as_read
from retainctl.insight.survey_page import survey_page
from retainctl.insight.svg import tag
from retainctl.result import Result
from retainctl.rows import Row
from retainctl.voice.surveys import SURVEYS


class PageRow(Row, kind="page"):
    """One page that was written, and what it found."""

    file: str
    title: str
    finding: str


def build(shop: Shop, folder: Path, period: ReportPeriod) -> Result[PageRow]:
    """Write every page into *folder*, which is made where it is missing; other files in it are left alone.

    A survey whose file cannot be read has no page, and stops no other.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written, wrong = [], []
    for file, make in _pages(shop, period):
        try:
            made = make()
        except (BadConfiguration, BadData) as error:
            wrong.append(f"{file}: {error}")
            continue
        write_text(folder / file, made.html)
        written.append(PageRow(file, made.title, made.finding))
    write_text(folder / "index.html", _index(shop, written, period))
    trouble = DoneInPart(f"{len(wrong)} of {len(written) + len(wrong)} pages could not be made") if wrong else None
    return Result(tuple(written), attention=tuple(wrong), trouble=trouble)


def _pages(shop: Shop, period: ReportPeriod) -> Iterator[tuple[str, Callable[[], Page]]]:
    for name, report in as_read(all_reports()).items():
        yield f"{name}.html", partial(_report, shop, report, period)
    for name in SURVEYS.names(shop.folder):
        yield f"survey-{name}.html", partial(survey_page, shop, name)


def _report(shop: Shop, report: Report, period: ReportPeriod) -> Page:
    return page(shop, report, report.rows(shop, period), period)


def _index(shop: Shop, pages: list[PageRow], period: ReportPeriod) -> str:
    settings = shop.settings
    links = (tag("p", one.title) + tag("h2", tag("a", one.finding or one.title, href=one.file)) for one in pages)
    return framed(
        "הדוחות" if settings.language == "he" else "Reports",
        tag("ul", *(tag("li", tag("section", link)) for link in links), class_="contents"),
        language=settings.language,
        direction=settings.direction,
        owner=settings.name,
        when=when(shop, period),
    )
