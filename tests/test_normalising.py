"""What a cell says is kept as given, compared as one person, and refused where it says nothing certain."""

from __future__ import annotations

import csv
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from retainctl import normalising
from retainctl.errors import BadData
from retainctl.normalising import CleanName, clean_name, email_address, external_id, is_nobody, phone_number, postal_key


@pytest.mark.parametrize("word", ["", "  ", "null", "NULL", "undefined", "N/A", "n/a", "-", "none", "NaN", "\u200f"])
def test_words_for_nothing_are_no_name(word: str) -> None:
    assert clean_name(word).value is None


def test_a_name_is_kept_in_composed_letters_without_marks_that_turn_it_round() -> None:
    assert clean_name("\u202eדנה\u202c \u200fכהן\u200e") == CleanName("דנה כהן", ("marks_removed",))
    assert clean_name("Zoe\u0308") == CleanName("Zoë")
    assert clean_name("  דנה   כהן ") == CleanName("דנה כהן")
    assert clean_name("יעל 🌸") == CleanName("יעל 🌸")


@pytest.mark.parametrize(
    ("text", "said"),
    [("1.2E+11", "damaged by a spreadsheet"), ("1e5", "damaged by a spreadsheet"), ("a\tb", "control characters"),
     ("a\x00", "control characters"), ("a\u202eb", "control characters")],
)  # fmt: skip
def test_an_id_that_was_damaged_is_no_id(text: str, said: str) -> None:
    with pytest.raises(BadData, match=said):
        external_id(text)


@pytest.mark.parametrize("text", ["1042", "#1042", "IL-1", "0012", "1.2", "E5", "1E", "12e", "הזמנה 7"])
def test_an_id_is_kept_as_it_is(text: str) -> None:
    assert external_id(text) == text


@pytest.mark.parametrize("evil", ["x\r\nBcc: a@b.example", "x\n\nbody", "x\rbody", "x\0y", "x\u2028y", "x\n folded"])
def test_a_name_never_opens_a_second_line(evil: str) -> None:
    clean = clean_name(evil)
    assert clean.value is not None
    assert not set(clean.value) & set("\r\n\0\u2028\u2029\x85")
    assert clean.notes == ("marks_removed",)


def test_a_line_break_parts_two_words_and_a_mark_does_not() -> None:
    assert clean_name("Dana\r\nLevi").value == "Dana Levi"
    assert clean_name("Da\u200dna").value == "Dana"


def test_a_long_name_is_cut_and_says_so() -> None:
    clean = clean_name("a" * 10_000)
    assert clean == CleanName("a" * 200, ("cut",))
    assert clean_name("a" * 201) == clean
    assert clean_name("a" * 200) == CleanName("a" * 200)
    assert clean_name("Herzl 1", length=7) == CleanName("Herzl 1")
    assert clean_name("Herzl 12", length=7) == CleanName("Herzl 1", ("cut",))


@given(st.text(max_size=300))
def test_a_clean_name_is_clean_already(text: str) -> None:
    value = clean_name(text).value
    if value is not None:
        assert clean_name(value) == CleanName(value)
        assert unicodedata.is_normalized("NFC", value)


def test_naughty_strings_make_clean_names(shared: Path) -> None:
    for text in json.loads((shared / "data/adversarial/blns.json").read_text(encoding="utf-8")):
        value = clean_name(text).value or ""
        assert not [mark for mark in value if unicodedata.category(mark) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
        assert len(value) <= 200


def test_addresses_that_differ_by_case_are_one() -> None:
    assert email_address(" Dana.Levi@Example.COM ").key == "dana.levi@example.com"
    assert email_address("Dana.Levi@Example.COM").value == "Dana.Levi@Example.COM"


def test_a_plus_and_dots_make_another_address() -> None:
    assert len({email_address(text).key for text in ("dana@gmail.com", "da.na@gmail.com", "dana+x@gmail.com")}) == 3


def test_a_unicode_domain_is_compared_by_its_letters_for_the_network() -> None:
    address = email_address("dana@דוגמה.co.il")
    assert (address.value, address.key, address.flag) == ("dana@דוגמה.co.il", "dana@xn--6dbbec0c.co.il", "")
    assert email_address("דנה@example.com").flag == "needs_smtputf8"


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("noreply@shop.example.com", "role"),
        ("No-Reply@example.com", "role"),
        ("test@test.com", "test"),
        ("dana@test.com", "test"),
        ("x7kq2@marketplace.amazon.co.uk", "relay"),
        ("info@example.co.il", ""),
        ("contest@example.com", ""),
    ],
)
def test_addresses_that_nobody_reads_are_flagged(text: str, flag: str) -> None:
    assert email_address(text).flag == flag


def test_a_name_before_the_address_is_put_right() -> None:
    assert email_address("Dana Levi <dana@example.com>").value == "dana@example.com"
    assert email_address('"dana@example.com" <dana@example.com>').value == "dana@example.com"


@pytest.mark.parametrize(
    "text",
    [
        "", "dana", "dana@", "@example.com", "dana@example", "dana@localhost", "dana@example.com.",
        "dana@shop.test", "dana@shop.Local", "dana@shop.invalid", "dana@shop.onion", "dana@shop.localhost",
        "mailto:dana@example.com", "dana@example.com, noa@example.com", "dana@example.com noa@example.com",
        "noa@example.com <dana@example.com>", "dana@@example.com", "dana@example..com",
        "dana@example.com\r\nBcc: x@y.com",
        "a@b> SIZE=1\r\nRCPT TO:<e@x", "dana@[127.0.0.1]", '"dana levi"@example.com', "dana\0@example.com",
        "a" * 65 + "@example.com", "dana@" + "a." * 130 + "com", "'; DROP TABLE customers; --",
    ],
)  # fmt: skip
def test_an_address_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(BadData):
        email_address(text)


@given(st.from_regex(normalising._PLAIN_EMAIL, fullmatch=True))
@settings(max_examples=300)
def test_the_quick_way_takes_only_what_the_library_takes(text: str) -> None:
    def said(way: object) -> object:
        try:
            return way(text)  # type: ignore[operator]
        except BadData:
            return "refused"

    assert said(email_address) == said(normalising._unusual_email)


def test_the_library_s_own_cases(shared: Path) -> None:
    cases = json.loads((shared / "data/email_phone/python_email_validator_cases.json").read_text(encoding="utf-8"))
    for text, expected in cases["test_email_valid"]:
        if '"' not in text and "[" not in text:
            assert email_address(text).key == expected["ascii_email"].lower(), text
    for text, *_ in [*cases["test_email_invalid_syntax"], *cases["test_email_invalid_reserved_domain"]]:
        if not text.endswith("<me@example.com>"):
            with pytest.raises(BadData):
                email_address(text)


def test_every_spelling_of_an_israeli_number(shared: Path) -> None:
    with (shared / "data/email_phone/phone_israel_variants.csv").open(encoding="utf-8", newline="") as file:
        variants = list(csv.DictReader(file))
    assert len(variants) == 18
    for variant in variants:
        try:
            number = phone_number(variant["raw"], variant["default_region"])
        except BadData:
            number = ""
        assert number == variant["e164_if_valid"], variant


def test_numbers_of_all_regions(shared: Path) -> None:
    with (shared / "data/email_phone/phone_examples.csv").open(encoding="utf-8", newline="") as file:
        examples = list(csv.DictReader(file))
    assert examples
    for example in examples:
        assert phone_number(example["international"], "IL") == example["e164"], example


def test_a_mobile_number_of_a_range_not_yet_given_out_counts() -> None:
    assert phone_number("050-1234567", "IL") == "+972501234567"
    assert phone_number("+972501234567", "") == "+972501234567"


@pytest.mark.parametrize("text", ["5.01E+08", "9.72501E+11", "*2404", "", "abc", "050-1234567 / 052-7654321", "123"])
def test_a_phone_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(BadData):
        phone_number(text, "IL")


@given(st.from_regex(normalising._PLAIN_PHONE, fullmatch=True))
@settings(max_examples=200)
def test_the_quick_way_reads_a_phone_as_the_library_does(text: str) -> None:
    assume(not text.replace("-", "").endswith("0" * 7))  # nobody's
    assert phone_number(text, "IL") == normalising._unusual_phone(text, "IL")


def test_an_id_is_text_kept_exactly() -> None:
    assert external_id("00123") == "00123"
    assert external_id("17850.0") == "17850.0"
    with pytest.raises(BadData, match="damaged by a spreadsheet"):
        external_id("1E+05")


def test_a_postal_address_is_compared_without_its_commas() -> None:
    assert postal_key("Herzl 1,  Tel Aviv") == postal_key("herzl 1 tel aviv")
    assert postal_key("Herzl 1") != postal_key("Herzl 11")


@pytest.mark.parametrize("country", ["", "GB"])
def test_a_phone_of_israel_is_one_in_israel_alone(country: str) -> None:
    assert phone_number("050-2345678", "IL") == "+972502345678"
    with pytest.raises(BadData):
        phone_number("050-2345678", country)


def test_a_phone_that_is_none_is_told_in_our_own_words() -> None:
    with pytest.raises(BadData, match=r"^'050-2345678' is not a phone number; it has no country code, and the shop"):
        phone_number("050-2345678", "")
    for country in ("", "IL"):
        with pytest.raises(BadData, match=r"^'\+x' is not a phone number$"):
            phone_number("+x", country)


def test_the_addresses_that_nobody_reads_are_known_by_their_words() -> None:
    roles = "noreply no-reply no_reply donotreply do-not-reply do_not_reply mailer-daemon postmaster hostmaster"
    roles += " webmaster abuse spam root nobody"
    relays = "marketplace.amazon.de members.ebay.co.uk relay.walmart.com"
    told = {
        "role": [f"{word}@shop.example" for word in roles.split()],
        "test": [f"{word}@shop.example" for word in "test tests tester testing asdf qwerty".split()] + ["x@asdf.com"],
        "relay": [f"x7kq2@{domain}" for domain in relays.split()],
        "": ["office@shop.example", "x@amazon.de", "x@ebay.co.uk", "x@walmart.com", "x@test.co", "testa@shop.example"],
    }
    for flag, addresses in told.items():
        assert {email_address(address).flag for address in addresses} == {flag}


@pytest.mark.parametrize("text", ["'0502345678", " 0502345678 ", "'+972502345678", "' 050-234-5678"])
def test_a_phone_may_have_a_spreadsheet_s_mark(text: str) -> None:
    assert phone_number(text, "IL") == "+972502345678"


def test_a_damaged_phone_is_told_as_such_whatever_mark_it_has() -> None:
    for text in ("5.01E+08", "'5.01E+08", " 9.72501E+11 "):
        with pytest.raises(BadData, match="was damaged by a spreadsheet"):
            phone_number(text, "IL")


@pytest.mark.parametrize("text", ["0000000000", "050-000-0000", "+972500000000", "1111111111", "99999999"])
def test_a_phone_that_a_till_was_given_for_want_of_one_is_nobody_s(text: str) -> None:
    with pytest.raises(BadData):
        phone_number(text, "IL")


@pytest.mark.parametrize("text", ["", "0", "000", " 0 ", "guest", "Guest", "NULL", "walk-in", "אורח"])
def test_the_number_of_a_guest_is_none(text: str) -> None:
    assert is_nobody(text)
    assert not is_nobody(f"{text}17")


@pytest.mark.parametrize("address", ["none@none.com", "na@na.com", "guest@shop.example", "no-email@shop.example"])
def test_an_address_that_a_till_was_given_for_want_of_one_finds_nobody(address: str) -> None:
    assert email_address(address).flag == "test"


def test_letters_that_mail_servers_keep_apart_are_two_addresses() -> None:
    assert email_address("straße@example.com").key != email_address("strasse@example.com").key
