"""Drafts: the file that a person edits, and everything that is wrong with it at once."""

from __future__ import annotations

import dataclasses
import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from retainctl.audience import segments
from retainctl.config import Shop
from retainctl.definitions import Fault
from retainctl.errors import BadConfiguration, BadData, Refused, WrongUsage
from retainctl.outreach.campaign_texts import CampaignKind
from retainctl.outreach.drafts import CAMPAIGN, CAMPAIGNS, recipe_of, write_draft
from retainctl.store.database import execute
from tests.outreach.people import customer
from tests.outreach.test_rendering import with_mail, with_settings


def finished(shop: Shop, *, kind: CampaignKind = "offer") -> Path:
    """A draft that its person has filled in."""
    if not (shop.folder / "segments" / "everybody.toml").exists():
        segments.create(shop, "everybody", "orders >= 0")
    path = write_draft(shop, "spring", kind=kind, audience="everybody")
    text = path.read_text(encoding="utf-8").replace('why = ""', 'why = "חג"').replace('what = ""', 'what = "קפה חדש"')
    path.write_text(text, encoding="utf-8")
    return path


def edited(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def check(shop: Shop) -> list[Fault]:
    return list(CAMPAIGNS.faults(shop, CAMPAIGNS.read(shop, "spring")))


def faults(shop: Shop) -> list[str]:
    return [fault.fault for fault in check(shop)]


@pytest.mark.parametrize("language", ["he", "en"])
def test_a_new_draft_lacks_only_what_a_person_must_say(shop: Shop, language: str) -> None:
    speaking = with_settings(shop, language=language)
    segments.create(speaking, "everybody", "orders >= 0")
    for kind in get_args(CampaignKind):
        path = write_draft(speaking, "spring", kind=kind, audience="everybody")

        assert faults(speaking) == ["why is empty", "what is empty"]
        path.write_text(path.read_text(encoding="utf-8").replace('= ""', '= "x"'), encoding="utf-8")
        assert check(speaking) == []
        path.unlink()


def test_a_draft_says_what_stands_in_its_file(shop: Shop) -> None:
    path = finished(shop)
    defined = CAMPAIGNS.read(shop, "spring")
    draft = defined.value

    assert defined.text == path.read_text(encoding="utf-8")
    assert (draft.front.why, draft.front.what, draft.front.audience) == ("חג", "קפה חדש", "everybody")
    assert draft.front.where == ("mail",)
    assert str(draft.front.not_after) == "2025-03-16"
    assert draft.body.strip().startswith("# {{ what }}\n\nשלום{% if first_name %} {{ first_name }}{% endif %},")
    assert CAMPAIGNS.names(shop.folder) == ["spring"]


def test_everything_that_is_missing_is_said_at_once(shop: Shop) -> None:
    folder = shop.folder / "campaigns"
    folder.mkdir()
    (folder / "spring.md").write_text("+++\n+++\n", encoding="utf-8")

    assert faults(shop) == [
        "why is empty", "what is empty", "audience is empty", "subject is empty", "reason is empty", "where is empty",
        "the message is empty",
    ]  # fmt: skip


def test_a_shop_that_does_not_say_who_it_is_may_not_advertise(shop: Shop) -> None:
    finished(shop)
    sender = dataclasses.replace(shop.settings.sender, name="", postal_address=" ", contact="")
    nobody = with_mail(
        dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, sender=sender)), from_address=""
    )

    assert faults(nobody) == [
        "the shop has no address to send from",
        "the sender's name is empty, but the law requires it in advertisements",
        "the sender's postal address is empty, but the law requires it in advertisements",
        "the sender's contact is empty, but the law requires it in advertisements",
    ]


def test_a_sender_may_be_called_anything(shop: Shop) -> None:
    finished(shop)
    sender = dataclasses.replace(shop.settings.sender, name='Levi & "Sons" <Ltd>', postal_address="1 O'Hara St & Co")
    called = dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, sender=sender))
    assert faults(called) == []


def test_an_address_that_is_none_is_found_before_anything_is_sent(shop: Shop) -> None:
    finished(shop)

    for name in ("from_address", "reply_to", "unsubscribe_address"):
        with pytest.raises(ValueError, match=f"{name}: 'shop at example' is not an e-mail address"):
            with_mail(shop, **{name: "shop at example"})
    for bad in (with_mail(shop, from_name="a\nb"), with_settings(shop, name="a\nb")):
        assert faults(bad) == ["the header From must not contain U+000A"]


FAULTS = [
    ('"everybody"', '"evrybody"', "there is no segment evrybody", "Did you mean everybody?"),
    ("2025-03-16", "2025-03-01", "not_after is 2025-03-01, which has passed", "Choose a later day."),
    ("{{ what }}", "{{ firstname }}", "unknown name firstname", "Did you mean first_name?"),
    ("{{ what }}", "{{ last_name }}", "the template is not valid: last_name is unknown for some customers: "
     "write {{ last_name or '…' }}", "Correct the message."),
    ("{{ what }}", "{{ what.__class__ }}", "the template is not valid: a name after a dot is not allowed in templates "
     "(in '{{ what.__class__ }}')", "Correct the message."),
    ("{{ what }}", "{{ first_name|safe }}", "the template is not valid: the filter safe is not allowed in templates "
     "(in '{{ first_name|safe }}')", "Correct the message."),
    ("{% endif %}\n\nלהתראות", "\n\nלהתראות", "the template is not valid: Unexpected end of template. Jinja was "
     "looking for the following tags: 'elif' or 'else' or 'endif'. The innermost block that needs to be closed is "
     "'if'", "Correct the message."),
    ("{{ what }}", "{{ what | }}", "the template is not valid: expected token 'name', got 'end of print statement' "
     "(in '{{ what | }}')", "Correct the message."),
    ('subject = "', 'subject = "x\\n', "the header Subject must not contain U+000A", "Write it on one line."),
    ('subject = "', 'subject = "' + "x" * 200, "it is longer than 200 characters", "Shorten it."),
    ('subject = "', 'subject = "\\u202e', "it contains the control character U+202E", "Remove it."),
]  # fmt: skip


def test_a_fault_says_what_and_what_to_do(shop: Shop) -> None:
    for before, after, fault, remedy in FAULTS:
        path = finished(shop)
        edited(path, before, after)

        found = check(shop)[0]
        assert (found.fault, found.remedy) == (fault, remedy)
        path.unlink()


def test_a_reason_must_say_something_of_everybody(shop: Shop) -> None:
    path = finished(shop)
    text = re.sub(
        "^reason = .*$", 'reason = "{% if orders %}You bought here.{% endif %}"', path.read_text(), flags=re.M
    )
    path.write_text(text, encoding="utf-8")

    assert check(shop) == [Fault("reason", "it is empty for a customer without data", "Add a text for everybody.")]


@pytest.mark.parametrize("kind", get_args(CampaignKind))
def test_a_campaign_may_go_until_its_last_day_is_over(shop: Shop, kind: CampaignKind) -> None:
    today = shop.clock.today()
    edited(finished(shop, kind=kind), "2025-03-16", str(today))

    assert check(shop) == []
    assert CAMPAIGN.recipe(shop, "spring").not_after == shop.clock.end_of(today) - 1


def test_a_frame_that_hides_the_sender_or_the_way_out_is_a_fault(shop: Shop) -> None:
    finished(shop)
    (shop.folder / "templates").mkdir()
    (shop.folder / "templates" / "mail.html").write_text("{% include 'body' %}", encoding="utf-8")

    assert check(shop) == [
        Fault("frame", "the HTML leaves out postal_address", "Add to templates/mail.*: {{ postal_address }}."),
        Fault("frame", "the HTML leaves out contact", "Add to templates/mail.*: {{ contact }}."),
        Fault("frame", "the HTML has no way to unsubscribe", "Add to templates/mail.*: {{ unsubscribe_link }}."),
    ]


def test_a_text_that_hides_the_way_out_is_a_fault(shop: Shop) -> None:
    finished(shop)
    (shop.folder / "templates").mkdir()
    shown = "{% include 'body' %}\n{{ sender_name }} {{ postal_address }} {{ contact }}"
    (shop.folder / "templates" / "mail.txt").write_text(shown, encoding="utf-8")

    assert check(shop) == [
        Fault("frame", "the text has no way to unsubscribe", "Add to templates/mail.*: {{ unsubscribe_link }}.")
    ]


def test_only_a_service_message_is_sent_again_where_nobody_knows_unless_its_file_says_otherwise(shop: Shop) -> None:
    def policy(kind: CampaignKind, said: str = "") -> str:
        path = finished(shop, kind=kind)
        edited(path, "where = ", f"{said}\nwhere = ")
        policy = CAMPAIGN.recipe(shop, "spring").unknown_policy
        path.unlink()
        return policy

    assert {kind: policy(kind) for kind in get_args(CampaignKind)} == {
        "offer": "hold", "newsletter": "hold", "greeting": "hold", "service": "resend-once",
    }  # fmt: skip
    assert policy("offer", 'if_unknown = "resend-once"') == "resend-once"
    assert policy("service", 'if_unknown = "hold"') == "hold"


def test_a_draft_is_not_written_over(shop: Shop) -> None:
    path = finished(shop)
    before = path.read_bytes()

    with pytest.raises(Refused, match="the campaign spring already exists"):
        write_draft(shop, "spring", kind="offer", audience="")
    assert path.read_bytes() == before


def test_a_name_stays_in_its_folder(shop: Shop) -> None:
    for name in ("../spring", "/etc/passwd", "a/b", "a\\b", "Spring", "", "x" * 65, "a\0b", "a∕b", "a.b"):
        with pytest.raises(WrongUsage, match="is not a valid campaign name"):
            CAMPAIGNS.read(shop, name)
        with pytest.raises(WrongUsage, match="is not a valid campaign name"):
            write_draft(shop, name, kind="offer", audience="")


def test_an_unknown_key_is_told_with_its_line_and_the_nearest(shop: Shop) -> None:
    edited(finished(shop), "audience =", "audiense =")

    with pytest.raises(BadConfiguration, match=r"campaigns/spring\.md, line 11: unknown setting audiense") as told:
        CAMPAIGNS.read(shop, "spring")
    assert told.value.hint == "Did you mean audience?"


def test_a_file_without_front_matter_is_no_draft(shop: Shop) -> None:
    finished(shop).write_text("שלום\n", encoding="utf-8")
    with pytest.raises(BadData, match="does not begin with front matter"):
        CAMPAIGNS.read(shop, "spring")


def test_a_missing_draft_names_the_nearest(shop: Shop) -> None:
    finished(shop)
    with pytest.raises(WrongUsage, match="there is no campaign sprng") as told:
        CAMPAIGNS.read(shop, "sprng")
    assert told.value.hint == "Did you mean spring?"


def test_text_that_names_a_file_stays_text(shop: Shop) -> None:

    path = finished(shop)
    edited(path, "{{ what }}", "retainctl.toml /etc/passwd ![x](http://127.0.0.1:9/x.png)")

    assert check(shop) == []


def test_a_campaign_is_planned_as_its_file_says(shop: Shop) -> None:
    path = finished(shop)
    edited(path, 'where = ["mail"]', 'where = ["mail"]\nif_unknown = "assume-sent"\ntext = "Plain, {{ first_name }}"')
    made = recipe_of(shop, CAMPAIGNS.read(shop, "spring"))
    assert (made.program, made.name, made.purpose, made.audience) == ("campaign", "spring", "marketing", "everybody")
    assert made.not_after == shop.clock.end_of(date(2025, 3, 16)) - 1
    assert (made.unknown_policy, made.templates.body_text) == ("assume-sent", "Plain, \u2068{{ first_name }}\u2069")
    assert made.templates.constants["what"] == "קפה חדש"


def test_no_draft_is_made_for_a_segment_that_is_not_there(shop: Shop) -> None:
    with pytest.raises(WrongUsage, match="there is no segment evrybody"):
        write_draft(shop, "spring", kind="newsletter", audience="evrybody")
    assert not (shop.folder / "campaigns").exists()


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_body_with_a_control_character_or_without_end_is_refused(shop: Shop) -> None:
    path = finished(shop)
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "\na\0b\n", encoding="utf-8")
    assert check(shop) == [Fault("body", "it contains the control character U+0000", "Remove it.")]
    path.write_text(text + "*a " * 30_000, encoding="utf-8")
    with pytest.raises(BadData, match="the message is longer than 40000 characters"):
        check(shop)


def translated(shop: Shop) -> Path:
    """A finished draft in Hebrew and English: somebody is known to read English."""
    execute("UPDATE customers SET language = 'en' WHERE id = ?", customer(shop, "Dana", "Levi"))
    return finished(shop)


def test_a_new_draft_has_each_language_that_a_customer_reads(shop: Shop) -> None:
    path = translated(shop)

    assert check(shop) == []
    text = path.read_text(encoding="utf-8")
    places = [text.index(part) for part in ("\n[en]\n", "\n+++\n\n", "שלום", "\n## en\n", "Hello")]
    assert places == sorted(places)
    made = recipe_of(shop, CAMPAIGNS.read(shop, "spring")).templates
    assert ("שלום" in made.body_html, "Hello" in made.body_html, "## en" in made.body_text) == (True, False, False)
    english = made.translations["en"]
    assert ("שלום" in english.body_html, "Hello" in english.body_html) == (False, True)
    told = [english.constants[name] for name in ("language", "direction", "side", "what")]
    assert told == ["en", "ltr", "left", "קפה חדש"]
    assert made.mark == english.mark == "פרסומת"


def test_a_section_may_name_the_shop_s_own_language_too(shop: Shop) -> None:
    path = translated(shop)
    edited(path, "+++\n\n#", "+++\n\n## he\n\n#")

    assert check(shop) == []
    assert "## he" not in recipe_of(shop, CAMPAIGNS.read(shop, "spring")).templates.body_text


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('[en]\nwhat = "קפה חדש"', "[en]", [("[en]", "what is empty")]),
        ("\n## en\n", "\n", [("body", "it says nothing in en")]),
        ("\n[en]\n", "\n[he]\n", [
            ("[he]", "he is the shop's own language"), ("[en]", "what is empty"), ("[en]", "subject is empty"),
            ("[en]", "reason is empty"),
        ]),
        ("\nHello", "\n<b>Hello</b>", [("body, en", "it has HTML, which customers would see as <b>")]),
        ("\nHello", "\n{{ frist_name }}", [("templates", "unknown name frist_name")]),
        ("\nHello", "\n{{ last_name }}", [("templates, en", "the template is not valid: last_name is unknown for some "
                                           "customers: write {{ last_name or '…' }}")]),
        ("\nשלום", "\n| a |\n|---|\n\nשלום", [
            ("body", "it has a table, of which customers would see the bars and dashes"),
        ]),
        ('\nHello', "\n{button}\n", [("body, en", "{button} must follow a link that is a paragraph of its own")]),
        ('# link = "https://"', 'link = "shop.example"', [
            ("front matter", "link is 'shop.example', which is no address"),
            ("front matter", "link is 'shop.example', which is no address"),
        ]),
    ],
)  # fmt: skip
def test_what_is_missing_or_wrong_in_one_language_is_told(
    shop: Shop, before: str, after: str, expected: list[tuple[str, str]]
) -> None:
    edited(translated(shop), before, after)
    assert [(fault.where, fault.fault) for fault in check(shop)] == expected


def test_a_greeting_must_do_without_a_name(shop: Shop) -> None:
    edited(finished(shop), "{% if first_name %} {{ first_name }}{% endif %}", " {{ first_name }}")
    said = "the template is not valid: first_name is unknown for some customers: write {{ first_name or '…' }}"
    assert faults(shop) == [said]


def test_the_button_leads_where_the_file_says(shop: Shop) -> None:
    path = translated(shop)
    edited(path, '# link = "https://"', 'link = "https://shop.example/he"')
    edited(path, "[en]\n", '[en]\nlink = "https://shop.example/en"\n')
    made = recipe_of(shop, CAMPAIGNS.read(shop, "spring")).templates

    assert check(shop) == []
    assert (made.constants["link"], made.translations["en"].constants["link"]) == (
        "https://shop.example/he",
        "https://shop.example/en",
    )
