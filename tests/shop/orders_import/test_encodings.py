"""A file that is not UTF-8: its letters tell in which encoding it is, and a person sees how it reads there."""

from __future__ import annotations

import pytest

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.encodings import better_encoding, likely_encoding
from retainctl.store.database import rows
from tests.shop.orders_import.conftest import HEADER, Bring, row

TEXTS = {
    "polish": ("cp1250", "Łukasz Wójcik;Paweł Kozłowski;Grażyna Pięta"),
    "czech": ("cp1250", "Dvořák;Černý Jiří;Růžička"),
    "hungarian": ("cp1250", "Kőszegi Győző;Tóth;Gyűrű"),
    "russian": ("cp1251", "Иван Петров;Мария Смирнова"),
    "russian without capitals": ("cp1251", "иван петров мед"),
    "ukrainian": ("cp1251", "Олексій Шевченко"),
    "greek": ("cp1253", "Γιώργος Παπαδόπουλος;Μαρία"),
    "turkish": ("cp1254", "Işık Yıldız;Ayşe Çağrı"),
    "french": ("cp1252", "René Dupont;André Martin"),
    "spanish": ("cp1252", "Muñoz José Núñez nº 5"),
    "portuguese": ("cp1252", "São João Conceição"),
    "danish": ("cp1252", "Søren Kjær Jørgensen"),
    "german": ("cp1252", "Jürgen Groß, Käthe Böhm „Blüte“"),
    "icelandic": ("cp1252", "Þórður Björnsdóttir Guðrún"),
    "pounds": ("cp1252", "£40.00"),
    "hebrew": ("cp1255", "דנה כהן;עומר לוי;ספל"),
    "one word of hebrew": ("cp1255", "ספל"),
    "hebrew with points and latin words": ("cp1255", "שָׁלוֹם;הiPhone;40 ₪"),
}


@pytest.mark.parametrize(("encoding", "text"), TEXTS.values(), ids=TEXTS)
def test_letters_tell_the_encoding_and_one_that_is_right_is_never_doubted(encoding: str, text: str) -> None:
    data = text.encode(encoding)
    assert likely_encoding(data) == encoding
    assert better_encoding(data, encoding) == ""


def test_a_word_that_is_damaged_does_not_change_what_the_others_say() -> None:
    data = "דנה כהן;עומר לוי;נועה מזרחי;ספל;כוס\n".encode("cp1255") + b"\xd9\xe4;\n"  # of which D9 is nothing
    assert likely_encoding(data) == "cp1255"
    assert better_encoding(data, "cp1255") == ""


def test_what_is_no_text_in_any_usual_encoding_has_none() -> None:
    assert likely_encoding("ספל".encode() + b"\x81") == ""
    assert likely_encoding("ספל".encode()) == "utf-8"


def test_the_hint_shows_cells_that_another_encoding_reads_otherwise(books: Shop, bring: Bring) -> None:
    names = ("Łukasz Wójcik", "Grażyna Pięta")
    lines = [row(f"{n}", sku=name).encode("cp1250") for n, name in enumerate(names)]
    with pytest.raises(BadData) as caught:
        bring(books, HEADER.encode() + b"\n" + b"\n".join(lines) + b"\n")
    assert caught.value.hint == "Specify its encoding. With --encoding cp1250 it reads: Łukasz Wójcik | Grażyna Pięta"


def test_an_encoding_that_is_stated_and_hardly_right_is_told(books: Shop, bring: Bring) -> None:
    lines = [row(f"{n}", sku=name).encode("cp1250") for n, name in enumerate(("Łukasz Wójcik", "Grażyna Pięta"))]
    outcome = bring(books, HEADER.encode() + b"\n" + b"\n".join(lines) + b"\n", encoding="cp1255")
    told = "read as cp1255, but it may be cp1250, in which it reads: Łukasz Wójcik | Grażyna Pięta"
    assert [note for note in outcome.notes if "may be" in note] == [told]
    assert len(rows("SELECT id FROM products")) == 2


def test_a_header_below_other_lines_that_is_no_text_is_refused(books: Shop, bring: Bring) -> None:
    header = HEADER.replace("sku", "Währung")
    with pytest.raises(BadData, match="is not valid UTF-8") as caught:
        bring(books, "Report\n", header.encode("cp1252") + b"\n", row("1"), mapping="header_line = 3")
    assert caught.value.hint == "Specify its encoding. With --encoding cp1252 it reads: Währung"
