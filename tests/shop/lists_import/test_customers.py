"""Customers in from a file: many addresses each, twice the same, bad cells told, consent only with evidence."""

from __future__ import annotations

import gzip
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake import csv_rows
from retainctl.intake.import_runs import FileResult, Imported, ImportOptions
from retainctl.shop.consent import Contact, Purpose
from retainctl.shop.consent_history import revoke_by_hand
from retainctl.shop.consent_import import import_consent
from retainctl.shop.customers_import import import_customers, language_code
from retainctl.shop.exporting import export_customers
from retainctl.shop.merging import merge
from retainctl.store.database import rows, value
from tests.conftest import Ended, Terminal
from tests.reach import contactable

HEADER = "external_id,first_name,last_name,language,email,phone\n"
SHOPIFY = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,"
    "Tags\n"
)
DANA = "'9013808660771,דנה,לוי,Dana@example.com,{},,Herzl 1,,Tel Aviv,,IL,'61000,,'+972502345678,no,0,0,,no,\n"
EVIDENCE = "checkout box, terms of 2024"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def bring(shop: Shop, file: Path, text: str | bytes, *, evidence: str = "", **options: object) -> FileResult[Imported]:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return import_customers(shop, str(file), ImportOptions(**options), consent_evidence=evidence)  # type: ignore[arg-type]


def counts(outcome: FileResult[Imported]) -> tuple[int, ...]:
    """Read, new, changed, unchanged, blank, quarantined."""
    row = outcome.row
    return (
        row.rows_read, row.rows_new, row.rows_changed, row.rows_unchanged, row.rows_blank, row.rows_quarantined,
    )  # fmt: skip


def everything() -> list[list[tuple[object, ...]]]:
    return [
        rows(f"SELECT * FROM {table} ORDER BY 1, 2")
        for table in ("customers", "customer_keys", "contact_points", "customer_changes", "consents")
    ]


def test_a_file_again_changes_nothing(shop: Shop, file: Path) -> None:
    text = HEADER + "17,דנה,לוי,he,Dana@example.com,050-2345678\n18,Noa,,en,noa@example.org,\n"
    assert counts(bring(shop, file, text)) == (2, 2, 0, 0, 0, 0)
    before = everything()
    assert bring(shop, file, text).row.outcome == "already imported"
    assert counts(bring(shop, file, text, again=True)) == (2, 0, 0, 2, 0, 0)
    assert everything() == before


def test_a_changed_cell_is_a_changed_customer_and_an_empty_one_changes_nothing(shop: Shop, file: Path) -> None:
    bring(shop, file, HEADER + "17,Dana,Levi,en,dana@example.com,\n")
    assert counts(bring(shop, file, HEADER + "17,דנה,,he,dana@example.com,\n")) == (1, 0, 1, 0, 0, 0)
    assert rows("SELECT first_name, last_name, language FROM customers") == [("דנה", "Levi", "he")]
    assert rows("SELECT field, before, after FROM customer_changes ORDER BY field") == [
        ("first_name", "Dana", "דנה"),
        ("language", "en", "he"),
    ]


def test_a_customer_has_many_addresses(shop: Shop, file: Path) -> None:
    text = (
        "external_id,email,email verified,email 2,phone,Phone_2,address,postal 2\n"
        '17,a@example.com,yes,b@example.com,050-2345678,03-6123456,"Herzl 1, Tel Aviv",Dizengoff 2\n'
    )
    assert counts(bring(shop, file, text)) == (1, 1, 0, 0, 0, 0)
    assert rows("SELECT kind, value, key, verified FROM contact_points ORDER BY id") == [
        ("email", "a@example.com", "a@example.com", 1),
        ("email", "b@example.com", "b@example.com", 0),
        ("phone", "050-2345678", "+972502345678", 0),
        ("phone", "03-6123456", "+97236123456", 0),
        ("postal", "Herzl 1, Tel Aviv", "herzl 1 tel aviv", 0),
        ("postal", "Dizengoff 2", "dizengoff 2", 0),
    ]


def test_hebrew_headers_in_any_order(shop: Shop, file: Path) -> None:
    text = 'טלפון נייד;שם משפחה;דוא"ל;שם פרטי;מספר לקוח\n0502345678;לוי;dana@example.com;דנה;17\n'.replace('"', "״")
    outcome = bring(shop, file, text)
    assert counts(outcome) == (1, 1, 0, 0, 0, 0)
    assert outcome.notes == ("columns are separated by a semicolon",)
    assert rows("SELECT first_name, last_name FROM customers") == [("דנה", "לוי")]


def test_windows_hebrew_is_read_when_it_is_stated(shop: Shop, file: Path) -> None:
    text = (HEADER + "17,דנה,לוי,he,dana@example.com,\n18,נועה,לוי,he,noa@example.com,\n").encode("cp1255")
    with pytest.raises(BadData, match="is not valid UTF-8"):
        bring(shop, file, text)
    assert counts(bring(shop, file, text, encoding="cp1255")) == (2, 2, 0, 0, 0, 0)
    assert value("SELECT first_name FROM customers ORDER BY id") == "דנה"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(shop: Shop, file: Path, encoding: str) -> None:
    assert counts(bring(shop, file, (HEADER + "17,דנה,,,dana@example.com,\n").encode(encoding))) == (1, 1, 0, 0, 0, 0)
    assert rows("SELECT external_id FROM customer_keys") == [("17",)]


def test_a_bad_cell_is_left_out_and_the_customer_kept(shop: Shop, file: Path) -> None:
    text = HEADER + "17,Dana,,,dana@,5.01E+08\n18,Noa,,fr,noreply@shop.example,\n"
    outcome = bring(shop, file, text)
    assert counts(outcome) == (2, 2, 0, 0, 0, 0)
    assert outcome.notes == (
        "role e-mails, kept but not mailed: 1",
        "unsupported languages, ignored: 1",
    )
    assert rows("SELECT key, flag FROM contact_points") == [("noreply@shop.example", "role")]
    assert [(held.origin.line, held.column, held.code) for held in outcome.quarantined] == [
        (2, "email", "bad_email"), (2, "phone", "bad_phone"),
    ]  # fmt: skip


def test_a_bad_e_mail_is_listed_until_its_customer_comes_again(retainctl: Terminal, tmp_path: Path) -> None:
    def imports(text: str) -> Ended:
        (tmp_path / "customers.csv").write_text(text)
        return retainctl("customers", "import", str(tmp_path / "customers.csv"), "--format", "jsonl")

    first = imports("external_id,email\n1,bad@@x.example\n2,a@x.example;b@x.example\n3,ok@x.example\n")
    row = json.loads(first.stdout)
    assert (first.code, row["rows_new"], row["rows_quarantined"]) == (3, 3, 0)
    assert "The part after the @-sign contains invalid characters: '@'; the customer" in first.stderr
    assert "2 rows are in quarantine" in first.stderr
    listed = retainctl("orders", "quarantine", "list", "--format", "jsonl").stdout.splitlines()
    assert [(one["rows_of"], one["line"], one["code"]) for one in map(json.loads, listed)] == [
        ("customers", 2, "bad_email"), ("customers", 3, "bad_email"),
    ]  # fmt: skip
    assert imports("external_id,email\n1,good@x.example\n2,a@x.example\n3,ok@x.example\n").code == 0
    assert retainctl("orders", "quarantine", "list", "--format", "jsonl").stdout == ""


def test_a_row_by_which_nobody_can_be_found_is_quarantined(shop: Shop, file: Path) -> None:
    good = "".join(f"{number},a,,,,\n" for number in range(1, 101))
    outcome = bring(shop, file, HEADER + good + ",Dana,,,dana@,\n,Noa,,,,\n1E+05,Gil,,,gil@example.com,\n\n,,,,,\n")
    assert counts(outcome) == (105, 100, 0, 0, 2, 3)
    assert [(held.origin.line, held.column, held.code) for held in outcome.quarantined] == [
        (102, "email", "bad_email"),
        (103, "", "nobody"),
        (104, "external_id", "damaged_id"),
    ]
    assert rows("SELECT line, code, raw_bytes FROM held_rows ORDER BY line")[0][2] == b",Dana,,,dana@,\n"


def test_the_e_mail_of_one_with_the_phone_of_another_is_told(shop: Shop, file: Path) -> None:
    bring(shop, file, HEADER + ",Dana,,,dana@example.com,\n,Noa,,,noa@example.com,050-2345678\n")
    dana, noa = (row[0] for row in rows("SELECT id FROM customers ORDER BY id"))
    outcome = bring(shop, file, HEADER + ",Dana,,,dana@example.com,050-2345678\n")
    assert counts(outcome) == (1, 0, 0, 1, 0, 0)
    assert outcome.notes == (
        f"nobody was merged, please check: the e-mail belongs to customer {dana}, "
        f"the phone belongs to customer {noa}: 1",
        "rows whose id, e-mail or phone belong to different customers; nobody was merged: 1",
    )


def test_two_imports_at_once_make_each_customer_once(shop: Shop, retainctl: Terminal, tmp_path: Path) -> None:
    names = []
    for number in range(3):
        path = tmp_path / f"{number}.csv"
        lines = (f"{number}-{one},Dana,,,dana{one}@example.com,\n" for one in range(300))
        path.write_text(HEADER + "".join(lines), encoding="utf-8")
        names.append(str(path))
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda name: retainctl("customers", "import", name), names))
    assert [(one.code, one.stderr) for one in ended] == [(0, "")] * 3
    assert value("SELECT COUNT(*) FROM customers") == 300
    assert value("SELECT COUNT(*) FROM customer_keys") == 900
    assert value("SELECT COUNT(*) FROM contact_points") == 300


def test_names_are_cleaned(shop: Shop, file: Path) -> None:
    outcome = bring(shop, file, HEADER + '17,"x\r\nBcc: a",null@b.example,,,\n18,\u202eדנה,' + "a" * 10_000 + ",,,\n")
    assert rows("SELECT first_name, last_name FROM customers ORDER BY id") == [
        ("x Bcc: a", None),
        ("דנה", "a" * 200),
    ]
    assert outcome.notes == (
        "names truncated to 200 characters: 1",
        "names with a link or an address in them, which were left out: 1",
        "names with control or direction marks, now removed: 2",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("email,email\na@example.com,b@example.com\n", "two columns called email"),
        ('email,phone\n"a@example.com,1\n', "unclosed quote"),
        ("PK\x03\x04xl/", "Excel workbook"),
    ],
)
def test_a_file_that_cannot_be_read_writes_nothing(shop: Shop, file: Path, text: str, why: str) -> None:
    with pytest.raises(BadData, match=why):
        bring(shop, file, text)
    assert value("SELECT COUNT(*) FROM imports") == 0


def test_a_list_without_one_column_that_names_anybody_is_refused(shop: Shop, file: Path) -> None:
    with pytest.raises(BadData, match="no column") as raised:
        bring(shop, file, "e-post,first_name\na@example.com,Dana\n")
    assert "Its columns: e-post, first_name." in raised.value.hint


def test_one_bad_row_stops_a_strict_import(shop: Shop, file: Path) -> None:
    with pytest.raises(BadData, match="has a bad row"):
        bring(shop, file, HEADER + "17,Dana,,,,\n,Noa,,,,\n", strict=True)
    assert value("SELECT COUNT(*) FROM customers") == 0


def test_too_many_bad_rows_are_the_wrong_file(shop: Shop, file: Path) -> None:
    with pytest.raises(BadData, match="it is the wrong file"):
        bring(shop, file, HEADER + "17,Dana,,,,\n" + ",Noa,,,,\n" * 9)
    assert value("SELECT COUNT(*) FROM customers") == 0


def test_a_dry_run_leaves_nothing(shop: Shop, file: Path) -> None:
    outcome = bring(shop, file, HEADER + "17,Dana,,,,\n", dry_run=True)
    assert (outcome.row.outcome, counts(outcome)) == ("dry run", (1, 1, 0, 0, 0, 0))
    assert value("SELECT COUNT(*) FROM customers") == 0
    assert value("SELECT COUNT(*) FROM imports") == 0


def test_a_packed_file_and_a_damaged_one(shop: Shop, file: Path) -> None:
    packed = gzip.compress((HEADER + "17,Dana,,,,\n" * 1).encode())
    assert counts(bring(shop, file, packed)) == (1, 1, 0, 0, 0, 0)
    with pytest.raises(BadData, match="damaged"):
        bring(shop, file, packed[:-4])


def test_shopify_s_customers_with_its_marks_for_text(shop: Shop, file: Path) -> None:
    outcome = bring(shop, file, "\ufeff" + SHOPIFY + DANA.format("yes"))
    assert counts(outcome) == (1, 1, 0, 0, 0, 0)
    assert rows("SELECT source, external_id FROM customer_keys") == [("shopify", "9013808660771")]
    assert rows("SELECT kind, key FROM contact_points ORDER BY id") == [
        ("email", "dana@example.com"),
        ("phone", "+972502345678"),
        ("postal", "herzl 1 tel aviv 61000 il"),
    ]


def test_consent_counts_only_with_its_evidence(shop: Shop, file: Path) -> None:
    outcome = bring(shop, file, SHOPIFY + DANA.format("yes"))
    assert value("SELECT COUNT(*) FROM consents") == 0
    assert "rows with marketing consent, ignored without --consent-evidence: 1" in outcome.notes
    assert counts(bring(shop, file, SHOPIFY + DANA.format("yes"), evidence=EVIDENCE)) == (1, 0, 1, 0, 0, 0)
    assert rows("SELECT action, source, evidence FROM consents") == [("given", "shopify", EVIDENCE)]
    (customer,) = rows("SELECT id FROM customers")[0]
    assert isinstance(contactable([customer], purpose="marketing", at=shop.clock.now())[customer], Contact)


def test_a_nightly_yes_never_overrules_a_refusal(shop: Shop, file: Path) -> None:
    bring(shop, file, SHOPIFY + DANA.format("yes"), evidence=EVIDENCE)
    revoke_by_hand(shop, "dana@example.com", reason="replied with the word remove")
    outcome = bring(shop, file, SHOPIFY + DANA.format("yes"), evidence=EVIDENCE, again=True)
    assert counts(outcome) == (1, 0, 0, 1, 0, 0)
    assert [row[0] for row in rows("SELECT action FROM consents WHERE purpose = 'marketing' ORDER BY id")] == [
        "given",
        "revoked",
        "revoked",  # at the phone, too
    ]


def test_a_no_takes_back_what_the_same_shop_had_given_and_nothing_else(shop: Shop, file: Path) -> None:
    bring(shop, file, SHOPIFY + DANA.format("no"), evidence=EVIDENCE)
    assert value("SELECT COUNT(*) FROM consents") == 0
    bring(shop, file, SHOPIFY + DANA.format("yes"), evidence=EVIDENCE)
    bring(shop, file, SHOPIFY + DANA.format("no"), evidence=EVIDENCE, source="till", again=True)
    assert value("SELECT COUNT(*) FROM consents") == 1
    bring(shop, file, SHOPIFY + DANA.format("no"), evidence=EVIDENCE, again=True)
    assert [row[0] for row in rows("SELECT action FROM consents ORDER BY id")] == ["given", "revoked"]


def test_what_is_exported_is_imported_again_and_changes_nothing(shop: Shop, file: Path) -> None:
    bring(
        shop, file,
        "external_id,first_name,last_name,language,email,email_verified,email 2,phone,address\n"
        "17,=HYPERLINK(1),'=x,he,Dana@example.com,yes,b@example.com,+972502345678,\"@Herzl 1, Tel Aviv\"\n"
        "18,-2+3,O'Brien,,noa@example.org,,,,\n",
    )  # fmt: skip
    bring(shop, file, "external_id,email\nM-4,dana@example.com\n", source="till")
    merge(shop, survivor_id=value("SELECT MIN(id) FROM customers"), merged_id=value("SELECT MAX(id) FROM customers"),
          reason="one person")  # fmt: skip
    before = everything()
    for for_excel in (False, True):
        exported = io.BytesIO()
        assert export_customers(shop, exported, for_excel=for_excel) == 3
        assert counts(bring(shop, file, exported.getvalue(), again=True)) == (3, 0, 0, 3, 0, 0)
    assert everything() == before


def test_an_export_for_a_spreadsheet_runs_no_formula(shop: Shop, file: Path) -> None:
    bring(shop, file, HEADER + "17,=HYPERLINK(1),-2+3,he,dana@example.com,0502345678\n")
    exported = io.BytesIO()
    export_customers(shop, exported, for_excel=True)
    assert exported.getvalue().decode() == (
        "\ufeffid,source,external_id,first_name,last_name,language,email,email_verified,phone,phone_verified,postal\r\n"
        f"{value('SELECT id FROM customers')},generic,17,'=HYPERLINK(1),'-2+3,he,dana@example.com,,0502345678,,\r\n"
    )


def test_the_commands(shop: Shop, retainctl: Terminal, tmp_path: Path, file: Path) -> None:
    file.write_text(HEADER + "17,דנה,,he,dana@example.com,\n,Noa,,,,\n", encoding="utf-8")
    imported = retainctl("customers", "import", str(file), "--format", "csv")
    assert imported.code == 3
    assert imported.stdout == (
        "file,source,outcome,rows_read,rows_new,rows_changed,rows_unchanged,rows_set_aside,rows_blank,"
        "rows_quarantined,notes\n"
        f"{file},generic,imported,2,1,0,0,0,0,1,\n"
    )
    assert imported.stderr == (
        f"{file}, line 3, row: the row has no id, e-mail or phone (nobody)\n"
        "retainctl: 1 row is in quarantine\n"
        "  Correct them in the file and import it again. List them: retainctl orders quarantine list\n"
    )
    target = tmp_path / "out.csv"
    assert retainctl("customers", "export", "--output", str(target)).stdout == ""
    assert target.stat().st_mode & 0o777 == 0o600
    assert retainctl("customers", "export").stdout == target.read_text(encoding="utf-8")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    assert retainctl("customers", "export", "--output", str(link)).code == 77
    piped = retainctl("customers", "import", "-", "--source", "till", stdin=target.read_bytes())
    assert piped.code == 0
    assert piped.stdout.splitlines()[1].split("\t")[1:10] == ["till", "imported", "1", "0", "0", "1", "0", "0", "0"]


def test_a_no_without_a_date_of_one_who_said_yes_elsewhere_is_told(shop: Shop, file: Path, tmp_path: Path) -> None:
    bring(shop, file, HEADER + "17,דנה,,,dana@example.com,\n18,נועה,,,noa@example.com,\n")
    signed = tmp_path / "signed.csv"
    signed.write_text("email\ndana@example.com\n", encoding="utf-8")
    import_consent(shop, str(signed), ImportOptions(source="fair"), evidence="form of the fair", answer="yes")

    outcome = bring(shop, file, "email,accepts_marketing\ndana@example.com,no\nnoa@example.com,no\n")
    assert outcome.notes == (
        "undated refusals of customers who gave consent by fair; the consent stays until it is revoked: 1",
    )
    assert value("SELECT COUNT(*) FROM consents WHERE action = 'revoked'") == 0


DATED = "email,phone,accepts_marketing,consented_at,accepts_sms,sms_consented_at\n"


def decisions() -> list[tuple[str, str, int, str]]:
    """Of each address what was said, when and by whom, in the order of time."""
    return rows(
        "SELECT p.key, k.action, k.happened_at, k.source FROM consents AS k"
        " JOIN contact_points AS p ON p.id = k.contact_point_id ORDER BY k.happened_at, p.key"
    )


def test_a_no_with_its_date_counts_whoever_was_given_the_yes(shop: Shop, file: Path, tmp_path: Path) -> None:
    bring(shop, file, HEADER + "17,דנה,,,dana@example.com,\n")
    signed = tmp_path / "signed.csv"
    signed.write_text("email,at\ndana@example.com,2025-02-01\n", encoding="utf-8")
    import_consent(shop, str(signed), ImportOptions(source="fair"), evidence="form of the fair", answer="yes")
    outcome = bring(shop, file, DATED + "dana@example.com,,no,2025-02-03,,\n")
    assert (outcome.row.rows_changed, outcome.notes) == (1, ())
    day = shop.clock.day
    assert [(action, day(at).isoformat(), source) for _, action, at, source in decisions()] == [
        ("given", "2025-02-01", "fair"),
        ("revoked", "2025-02-03", "generic"),
    ]
    assert decisions()[1][2] == shop.clock.end_of(date(2025, 2, 3)) - 1, "of one day's two the refusal holds"


def test_mail_and_phone_are_each_allowed_since_their_own_date(shop: Shop, file: Path) -> None:
    text = DATED + "dana@example.com,0502345678,yes,2025-01-01T10:00,yes,2025-02-01T10:00\n"
    bring(shop, file, text + "noa@example.com,0502345679,no,2025-01-02T10:00,yes,2025-02-02T10:00\n", evidence=EVIDENCE)
    told = [(key, action, shop.clock.iso(at)[:10]) for key, action, at, _ in decisions()]
    assert told == [
        ("dana@example.com", "given", "2025-01-01"),
        ("noa@example.com", "revoked", "2025-01-02"),
        ("+972502345678", "given", "2025-02-01"),
        ("+972502345679", "given", "2025-02-02"),
    ]


@pytest.mark.parametrize(
    ("ours", "fairs", "purpose", "holds"),
    [
        ("01-01", "02-01", "marketing", True),
        ("02-01", "01-01", "marketing", False),
        ("01-01", "02-01", "survey", False),
    ],
)
def test_a_no_without_a_date_takes_back_the_latest_yes_where_it_was_the_same_shop_s(
    shop: Shop, file: Path, tmp_path: Path, ours: str, fairs: str, purpose: Purpose, holds: bool
) -> None:
    bring(shop, file, DATED + f"dana@example.com,,yes,2025-{ours},,\n", evidence=EVIDENCE)
    signed = tmp_path / "signed.csv"
    signed.write_text(f"email,at\ndana@example.com,2025-{fairs}\n", encoding="utf-8")
    import_consent(
        shop, str(signed), ImportOptions(source="fair"), evidence="form of the fair", purpose=purpose, answer="yes"
    )
    outcome = bring(shop, file, "email,accepts_marketing\ndana@example.com,no\n")
    assert len(outcome.notes) == int(holds)
    found = contactable([value("SELECT id FROM customers")], purpose="marketing", at=shop.clock.now())
    assert all(isinstance(one, Contact) == holds for one in found.values())


def test_an_address_is_verified_by_a_yes_alone(shop: Shop, file: Path) -> None:
    answers = ("yes", "no", "", "pending", "1")
    people = "".join(f"{number}@example.com,{answer}\n" for number, answer in enumerate(answers))
    bring(shop, file, "email,email verified\n" + people)
    assert [row[0] for row in rows("SELECT verified FROM contact_points ORDER BY id")] == [1, 0, 0, 0, 1]


def test_the_phone_of_the_default_address_is_the_second_phone(shop: Shop, file: Path) -> None:
    header = "Email,Phone,{},Default Address Phone\n"
    cells = "dana@example.com,050-2345678,050-2345679,050-2345670\n"
    with pytest.raises(BadData, match="phone_2 and Default Address Phone could both be phone_2"):
        bring(shop, file, header.format("phone_2") + cells)
    assert counts(bring(shop, file, header.format("phone_3") + cells)) == (1, 1, 0, 0, 0, 0)
    phones = "SELECT key FROM contact_points WHERE kind = 'phone' ORDER BY id"
    assert rows(phones) == [("+972502345678",), ("+972502345670",), ("+972502345679",)]


def test_the_first_row_of_a_customer_counts_however_far_the_others_stand(
    shop: Shop, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rows_at_once in ("CHUNK_ROWS", "_ROWS_AT_ONCE"):
        monkeypatch.setattr(csv_rows, rows_at_once, 1)
    bring(shop, file, HEADER + "17,Dana,,,,\n18,Noa,,,,\n17,D.,Levi,,,\n19,Tal,,,,\n17,Danit,L.,,,\n")
    assert rows("SELECT first_name, last_name FROM customers ORDER BY id") == [
        ("Dana", "Levi"),
        ("Noa", None),
        ("Tal", None),
    ]


def test_addresses_are_exported_in_their_order_whichever_of_them_was_changed_last(shop: Shop, file: Path) -> None:
    bring(shop, file, "external_id,email,email_2,email_3\n17,a@x.example,b@x.example,c@x.example\n")
    bring(shop, file, "external_id,email,email_verified\n17,a@x.example,yes\n")
    exported = io.BytesIO()
    export_customers(shop, exported)
    (header, cells) = (line.split(",") for line in exported.getvalue().decode().splitlines())
    said = dict(zip(header, cells, strict=True))
    assert [said[name] for name in ("email", "email_verified", "email_2", "email_3")] == [
        "a@x.example", "yes", "b@x.example", "c@x.example",
    ]  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about cells
def test_cells_that_say_nothing_are_nobody_s_and_no_row_to_look_at(shop: Shop, file: Path) -> None:
    names = "external_id,first_name,last_name,language,phone,email_2,postal,address1,city,email"
    words = ("", "null", "N/A", "-", "None")
    lines = [",".join([*[word] * 9, f"{number}@example.com"]) for number, word in enumerate(words)]
    outcome = bring(shop, file, "\n".join([names, *lines, ""]))
    assert (counts(outcome), outcome.quarantined, outcome.notes) == ((5, 5, 0, 0, 0, 0), (), ())
    assert rows("SELECT DISTINCT first_name, last_name, language FROM customers") == [(None, None, None)]
    assert rows("SELECT * FROM customer_keys") == []
    assert rows("SELECT key FROM contact_points ORDER BY 1") == [(f"{number}@example.com",) for number in range(5)]


@pytest.mark.parametrize(
    ("word", "language"),
    [("iw", "he"), ("he-IL", "he"), ("Hebrew", "he"), ("en_US", "en"), ("אנגלית", "en"), ("her", None), ("ru", None)],
)
def test_a_language_is_known_by_its_codes_and_names(word: str, language: str | None) -> None:
    assert language_code(word) == language


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about cells
def test_an_address_of_five_hundred_letters_is_kept_whole(shop: Shop, file: Path) -> None:
    bring(shop, file, f"external_id,address,postal_2\n17,{'a' * 500},{'b' * 501}\n")
    assert rows("SELECT value FROM contact_points ORDER BY id") == [("a" * 500,), ("b" * 500,)]


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(
    "header",
    [
        "external_id,source,first_name,last_name,language,accepts_marketing,consented_at,accepts_sms,sms_consented_at"
        ",email,phone,postal,company,city,zip",
        "Customer ID,Source,Given name,Family name,Locale,Accepts Email Marketing,Consent date,Accepts SMS Marketing"
        ",SMS marketing consent timestamp,Email address,Mobile,Address,Default Address Company,Default Address City"
        ",Default Address Zip",
        "Member number,source,First name,Surname,locale,Email marketing consent,Email marketing consent timestamp"
        ",SMS marketing consent,sms_consented_at,Customer email,Telephone,Postal address,company,city,zip",
        "מספר לקוח,מקור,שם פרטי,שם משפחה,שפה,אישור דיוור,תאריך אישור,accepts_sms,sms_consented_at,מייל,טלפון נייד,כתובת"
        ",company,city,zip",
    ],
    ids=range(4),
)
def test_a_list_is_read_by_the_names_that_shops_give_its_columns(shop: Shop, file: Path, header: str) -> None:
    line = "17,till,Dana,Levi,en,yes,2025-01-01,yes,2025-02-01,dana@example.com,0502345678,Herzl 1,Mugs,Haifa,31000"
    outcome = bring(shop, file, f"{header}\n{line}\n", evidence=EVIDENCE, source="web")
    assert (counts(outcome), outcome.notes) == ((1, 1, 0, 0, 0, 0), ())
    assert rows("SELECT first_name, last_name, language, source, external_id FROM customers"
                " JOIN customer_keys ON id = customer_id") == [("Dana", "Levi", "en", "till", "17")]  # fmt: skip
    assert [row[0] for row in rows("SELECT key FROM contact_points ORDER BY id")] == [
        "dana@example.com", "+972502345678", "herzl 1", "mugs haifa 31000",
    ]  # fmt: skip
    assert [(key, action, shop.clock.iso(at)[:10]) for key, action, at, _ in decisions()] == [
        ("dana@example.com", "given", "2025-01-01"), ("+972502345678", "given", "2025-02-01"),
    ]  # fmt: skip
