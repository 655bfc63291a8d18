"""Checking what is to be sent: all faults at once, each as a sentence with its remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from markupsafe import escape

from retainctl.audience.segments import read_tree
from retainctl.config import Shop
from retainctl.definitions import Fault
from retainctl.errors import BadData, RetainError, did_you_mean
from retainctl.outreach import contexts, message, sandbox
from retainctl.outreach.programs import Addressed, program_of
from retainctl.outreach.templates import Rendered, Templates, TemplateValue
from retainctl.shop.consent import Use

_LONGEST_SUBJECT = 200
# Controls, and the marks that turn what follows them round; isolates end by themselves.
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
_LINK = "https://shop.example/a-link-of-this-customer"


def faults_of_sender(shop: Shop, purpose: Use) -> Iterator[Fault]:
    """What the shop's settings lack before it may send; an advertisement must name its sender."""
    settings = shop.settings
    file = "retainctl.toml"
    if not settings.mail.from_address:
        yield Fault(file, "the shop has no address to send from", "Write from_address under [mail].")
    for name in ("from_address", "reply_to", "unsubscribe_address"):
        address = getattr(settings.mail, name)
        if address and not message.is_address(address):
            yield Fault(
                file, f"{address!r} is not an address that mail can be sent to", f"Correct {name} under [mail]."
            )
    for name, text in (("from_name under [mail]", settings.mail.from_name), ("name", settings.name)):
        try:
            message.check("From", text)
        except BadData as error:
            yield Fault(file, str(error), f"Correct {name}.")
    if purpose != "service":
        for name in ("name", "postal_address", "contact"):
            if not getattr(settings.sender, name).strip():
                yield Fault(
                    file,
                    f"the sender's {name.replace('_', ' ')} is empty, but the law requires it in advertisements",
                    f"Write {name} under [sender].",
                )


def faults_of_characters(text: str, *, where: str) -> Iterator[Fault]:
    """A control character in *text*, as it stands in a file: what is made of it may have another in its place."""
    if odd := _ODD.search(text):
        yield Fault(where, f"it contains the control character U+{ord(odd[0]):04X}", "Remove it.")


def faults_of_templates(shop: Shop, templates: Templates, *, program: str, purpose: Use) -> list[Fault]:
    """What is wrong with *templates*, tried in each language on two customers: one with all data, and one with none."""
    own = shop.settings.language
    tries = [
        (one, contexts.example(shop, known=known, language=language) | _links(shop, program, purpose, known=known))
        for language, one in ({own: templates} | templates.translations).items()
        for known in (True, False)
    ]
    spoken = [context | {"language": one.constants["language"]} for one, context in tries]
    tried = sandbox.run(templates, spoken)
    if tried.fault:
        return [Fault("templates", tried.fault, "Correct the message.")]
    known_names = tries[0][1]
    unknown = sorted(tried.names - set(known_names))
    if unknown:
        return [_unknown_name(name, known_names) for name in unknown]
    found: dict[Fault, None] = {}  # in order, each once
    for (one, context), rendering in zip(tries, tried.renderings, strict=True):
        faults = (
            [Fault("templates", rendering, "Correct the message.")]
            if isinstance(rendering, str)
            else _faults_of_rendering(rendering, one, context)
        )
        language = one.constants["language"]
        found |= {
            fault if language == own else replace(fault, where=f"{fault.where}, {language}"): None for fault in faults
        }
    return list(found)


def audience_faults(shop: Shop, name: str, *, where: str) -> Iterator[Fault]:
    """What is wrong with the audience *name*, which is set in *where*; nothing if it is empty."""
    if not name.strip():
        return
    try:
        read_tree(shop, name)
    except RetainError as error:
        yield Fault(where, str(error), error.hint or f"Correct segments/{name}.toml.")


def _links(shop: Shop, program: str, purpose: Use, *, known: bool) -> dict[str, TemplateValue]:
    """Examples of the links that ``rendering`` adds for each recipient."""
    link = None if purpose == "service" else _LINK
    links: dict[str, TemplateValue] = {"unsubscribe_link": link, "unsubscribe_mail": link}
    mail = shop.settings.mail
    to = Addressed(
        mailing_id=1,
        planned_at=0,
        customer_id=1,
        public_url=shop.settings.public_url if known else "",
        sign=lambda *_, **_more: "v1.token",
        answer_to=mail.reply_to or mail.from_address,
    )
    return links | dict(program_of(program).links(to))


def _unknown_name(name: str, known: dict[str, TemplateValue]) -> Fault:
    return Fault("templates", f"unknown name {name}", did_you_mean(name, sorted(known)))


def _faults_of_rendering(
    rendered: Rendered, templates: Templates, context: dict[str, TemplateValue]
) -> Iterator[Fault]:
    try:
        message.check("Subject", rendered.subject)
    except BadData as error:
        yield Fault("subject", str(error), "Write it on one line.")
    for part, text in (("subject", rendered.subject), ("text", rendered.text)):
        yield from faults_of_characters(text, where=part)
    if len(rendered.subject) > _LONGEST_SUBJECT:
        yield Fault("subject", f"it is longer than {_LONGEST_SUBJECT} characters", "Shorten it.")
    if not rendered.reason.strip() and templates.reason.strip():
        yield Fault("reason", "it is empty for a customer without data", "Add a text for everybody.")
    for kind, text in (("HTML", rendered.html), ("text", rendered.text)):
        for name in ("sender_name", "postal_address", "contact"):
            value = templates.constants[name]
            shown = str(escape(value)) if kind == "HTML" else value
            if shown not in text:
                yield Fault("frame", f"the {kind} leaves out {name}", f"Add to templates/mail.*: {{{{ {name} }}}}.")
        if context["unsubscribe_link"] and _LINK not in text:
            yield Fault(
                "frame", f"the {kind} has no way to unsubscribe", "Add to templates/mail.*: {{ unsubscribe_link }}."
            )
