"""Each setting has its sentence beside its field; from these the first file and the reference are written."""

from __future__ import annotations

import dataclasses
import os
import pwd
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated

import pytest

from retainctl import cli, schema
from retainctl.club.terms import Club, Terms
from retainctl.config import FILE_NAME, Settings, find_folder, init_folder, read_shop, secret
from retainctl.errors import BadConfiguration, Refused
from retainctl.jobs.table import Job, JobsFile
from tests.conftest import Terminal


def without_sentence(one: type) -> list[str]:
    """The settings of a file of the class *one* that have none."""
    found = []
    for setting in schema.settings(one):
        if not setting.sentence:
            found.append(setting.name)
        if setting.is_table:
            found += without_sentence(setting.kind)
    return found


@pytest.mark.parametrize("one", [Settings, Club, Terms, JobsFile, Job])
def test_every_setting_has_its_sentence(one: type) -> None:
    assert without_sentence(one) == []


def test_a_setting_without_a_sentence_is_seen() -> None:
    @dataclass
    class Inner:
        """A table."""

        wide: Annotated[int, "How wide it is."] = 1
        high: int = 2

    assert without_sentence(dataclasses.make_dataclass("Outer", [("inner", Inner)])) == ["high"]


def test_a_first_file_names_every_setting_and_changes_no_default(tmp_path: Path) -> None:
    path = init_folder(tmp_path, name="שם", language="he", currency="nis", timezone="Asia/Jerusalem", country="il")
    settings = read_shop(str(tmp_path)).settings
    defaults = Settings("שם", "he", "ILS", "Asia/Jerusalem", "IL")
    assert settings == dataclasses.replace(defaults, sender=dataclasses.replace(defaults.sender, name="שם"))

    shown = path.read_text(encoding="utf-8")
    commented = "".join(line.removeprefix("# ") if " = " in line else line for line in shown.splitlines(keepends=True))
    assert schema.read_text(commented, Settings, name=FILE_NAME) == settings
    for table in (one for one in schema.settings(Settings) if one.is_table):
        section = shown.partition(f"\n[{table.name}]\n")[2].partition("\n[")[0]
        for one in schema.settings(table.kind):
            assert f"# {one.sentence}\n" in section
            assert f"\n{one.name} = " in section.replace("\n# ", "\n")


def test_the_country_is_known_by_the_time_zone_of_one_alone(retainctl: Terminal, tmp_path: Path) -> None:
    for zone, country in (("Asia/Jerusalem", "IL"), ("Europe/London", "")):
        made = tmp_path / zone
        assert retainctl("init", str(made), "--timezone", zone).code == 0
        assert read_shop(str(made)).settings.country == country


def test_a_shop_that_says_nothing_sends_nothing_and_writes_seldom_and_by_day() -> None:
    one = Settings("s", "he", "ILS", "Asia/Jerusalem")
    assert (one.country, one.database, one.public_url, one.ping_url) == ("", "sqlite:retain.db", "", "")
    assert (one.limits.marketing_per_week, one.limits.marketing_per_month) == (2, 6)
    assert (one.limits.quiet_from, one.limits.quiet_until, one.limits.quiet_days) == ("21:00", "08:00", ())
    assert (one.mail.channel, one.mail.security, one.mail.port, one.mail.daily_cap) == ("files", "tls", 465, 0)
    assert (one.mail.connections, one.mail.messages_per_connection, one.mail.timeout_seconds) == (4, 100, 300)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ("myshop", "en", "ILS", "Asia/Jerusalem", "IL", "myshop")),
        (
            "--name Levi --language he --currency eur --timezone Europe/London --country gb",
            ("Levi", "he", "EUR", "Europe/London", "GB", "Levi"),
        ),
    ],
)
def test_a_shop_is_made_as_it_was_asked_for(tmp_path: Path, words: str, expected: tuple[str, ...]) -> None:
    assert cli.run(["init", str(tmp_path / "myshop"), *words.split()]) == 0
    made = read_shop(str(tmp_path / "myshop"))
    one = made.settings
    assert (one.name, one.language, one.currency, one.timezone, one.country, one.sender.name) == expected
    (terms,) = schema.read_file(made.folder / "club.toml", Club).terms
    assert terms.points_per == {one.currency: "1"}


@pytest.mark.parametrize("name", ['a "b" \\c', "two\nlines", "a\x7fb", "tab\there", "פ״ת"])
def test_a_name_is_kept_as_it_was_given(tmp_path: Path, name: str) -> None:
    init_folder(tmp_path, name=name, language="he", currency="ILS", timezone="Asia/Jerusalem", country="")
    assert read_shop(str(tmp_path)).settings.name == name


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about a file
@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('quiet_from = "21:00"', 'quiet_from = "21:60"', "'21:60' is not a time such as 21:00"),
        ('quiet_until = "08:00"', 'quiet_until = "24:00"', "'24:00' is not a time such as 21:00"),
        ('quiet_until = "08:00"', 'quiet_until = "8"', "'8' is not a time such as 21:00"),
        ('quiet_until = "08:00"', 'quiet_until = "x:00"', "'x:00' is not a time such as 21:00"),
        ("[mail]", "[mail]\nconnections = 0", "connections must be between 1 and 32"),
        ("[mail]", "[mail]\nconnections = 33", "connections must be between 1 and 32"),
        ("[mail]", '[mail]\npassword = "hunter2"', "password must be a reference: env:NAME"),
        ('currency = "ILS"', 'currency = "nis"', "currency must be written ILS"),
        ('currency = "ILS"', 'currency = "XXX"', "'XXX' is not a currency"),
        ('timezone = "Asia/Jerusalem"', 'timezone = "Jerusalem"', "'Jerusalem' is not an IANA time zone"),
        ('timezone = "Asia/Jerusalem"', 'timezone = "../x"', "'../x' is not an IANA time zone"),
        ("database = ", 'database = "mysql://x"\n# ', "database must be sqlite:FILE or postgresql://"),
        ("database = ", 'database = "postgresql://a:b@h/d"\n# ', "database must not contain a password"),
        ("name = ", 'public_url = "http://shop.example"\nname = ', "public_url must start with https://"),
        ("name = ", 'ping_url = "http://check.example"\nname = ', "ping_url must start with https://"),
    ],
)
def test_what_would_fail_at_night_is_refused_at_once(folder: Path, before: str, after: str, said: str) -> None:
    path = folder / FILE_NAME
    text = path.read_text(encoding="utf-8").replace(before, after, 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfiguration, match=re.escape(said)) as told:
        read_shop(str(folder))
    wrong = after.replace("[mail]\n", "").splitlines()[0]
    (number,) = (number for number, line in enumerate(text.splitlines(), 1) if line.startswith(wrong))
    assert f"{FILE_NAME}, line {number}: " in str(told.value)


CLUB = """\
[[terms]]
version = 1
points_per = { ILS = "1" }

[[terms]]
version = 2
valid_from = 2025-01-01
points_per = { ILS = "1" }
"""


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("version = 2", "version = 0", 6),
        ("version = 1", "version = 0", 2),
        ("version = 2", 'version = "2"', 6),
        ("valid_from = 2025-01-01", "valid_until = 2025-01-01", 7),
        ("version = 2\n", "", 5),
    ],
)
def test_of_several_tables_the_line_is_told_in_which_one_is_wrong(before: str, after: str, line: int) -> None:
    with pytest.raises(BadConfiguration, match=f"^club.toml, line {line}: "):
        schema.read_text(CLUB.replace(before, after), Club, name="club.toml")


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about a file
def test_as_many_connections_as_may_be_are_taken(folder: Path) -> None:
    path = folder / FILE_NAME
    text = path.read_text(encoding="utf-8")
    for many in (1, 32):
        path.write_text(text.replace("[mail]", f"[mail]\nconnections = {many}"), encoding="utf-8")
        assert read_shop(str(folder)).settings.mail.connections == many


RIGHT = {"name": '"n"', "language": '"he"', "currency": '"ILS"', "timezone": '"UTC"'}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("x = ", "is not valid TOML"),
        ("name", "name is missing"),
        ("name = 7", "line 1: name must be a string, not 7"),
        ('language = "fr"', "line 2: language cannot be 'fr'"),
        ('[mail]\nport = "25"', "line 6: port must be a whole number, not '25'"),
        ("[mail]\nport = true", "line 6: port must be a whole number, not True"),
        ("[mail]\npipelining = 1", "line 6: pipelining must be true or false, not 1"),
        ('[limits]\nquiet_days = "saturday"', "line 6: quiet_days must be a list, not 'saturday'"),
        ('[limits]\nquiet_days = ["shabbat"]', "line 6: quiet_days cannot be 'shabbat'"),
        ("mail = 5", "line 5: mail must be a table, not 5"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(wrong: str, said: str) -> None:
    name, _, value = wrong.partition(" = ")
    lines = [f"{key} = {value if key == name else right}" for key, right in RIGHT.items() if value or key != name]
    text = "\n".join(lines if name in RIGHT else [*lines, wrong])
    with pytest.raises(BadConfiguration, match=re.escape(said)):
        schema.read_text(text, Settings, name="retainctl.toml")


@dataclasses.dataclass(frozen=True)
class Lasting:
    """A file with a day and a text."""

    until: date | None = None
    text: str = ""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('until = "2025-03-16"', "until must be a day without quotes, such as 2025-03-16, not '2025-03-16'"),
        ("until = 2025-03-16T10:00:00", "until must be a day without quotes, such as 2025-03-16"),
        ("text = 2025-03-16", "text must be a text in quotes"),
    ],
)
def test_a_day_stands_without_quotes_and_a_text_in_them(wrong: str, said: str) -> None:
    assert schema.read_text("until = 2025-03-16", Lasting, name="x") == Lasting(date(2025, 3, 16))
    with pytest.raises(BadConfiguration, match=re.escape(said)):
        schema.read_text(wrong, Lasting, name="x")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="there is no file"):
        schema.read_file(tmp_path / "none.toml", Settings)
    (tmp_path / "bad.toml").write_bytes(b"name = '\xe9'")
    with pytest.raises(BadConfiguration, match=r"bad\.toml cannot be read"):
        schema.read_file(tmp_path / "bad.toml", Settings)


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about a file
def test_where_there_is_no_shop_one_is_told_how_to_make_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RETAINCTL_SHOP", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadConfiguration, match="in this folder or any parent folder"):
        find_folder(None)
    with pytest.raises(BadConfiguration, match="there is no shop at") as wrong:
        find_folder("elsewhere")
    assert wrong.value.hint == "Create one: retainctl init elsewhere"
    (folder / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(folder / "deep" / "er")
    assert find_folder(None) == folder
    init_folder(folder / "deep", name="x", language="en", currency="USD", timezone="UTC", country="")
    for here in (folder / "deep" / "er", folder / "deep"):
        monkeypatch.chdir(here)
        assert find_folder(None) == folder / "deep", "the nearest one"
    monkeypatch.setenv("RETAINCTL_SHOP", str(tmp_path))
    with pytest.raises(BadConfiguration, match="there is no shop at"):
        find_folder(None)
    assert find_folder(str(folder)) == folder, "the flag counts before the environment"


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about a file
def test_a_shop_is_never_made_over_another(folder: Path) -> None:
    before = (folder / FILE_NAME).read_text(encoding="utf-8")
    with pytest.raises(Refused, match="is already a shop folder"):
        init_folder(folder, name="x", language="en", currency="USD", timezone="UTC", country="")
    assert (folder / FILE_NAME).read_text(encoding="utf-8") == before


@pytest.mark.parametrize("lost", [("retain.db",), ("retain.db", "club.toml")])
def test_making_that_was_cut_off_is_made_whole_by_the_same_words(tmp_path: Path, lost: tuple[str, ...]) -> None:
    shop = Terminal(tmp_path / "made")
    words = ("init", str(shop.folder), "--language", "he", "--currency", "EUR", "--timezone", "Europe/Berlin")
    assert shop(*words).code == 0
    whole = {path.name for path in shop.folder.iterdir()}
    assert shop(*words).code == 77
    for name in lost:
        (shop.folder / name).unlink()
    for path in shop.folder.glob(".retain.db*"):
        path.unlink()
    assert shop("init", str(shop.folder), "--currency", "USD").code == 77, "another shop"
    again = shop(*words)
    assert (again.code, again.stderr) == (0, "")
    assert {path.name for path in shop.folder.iterdir()} == whole
    assert shop("doctor").code == 0


def test_a_secret_is_read_from_where_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kept").write_text("hunter2\n", encoding="utf-8")
    (tmp_path / "kept").chmod(0o600)
    monkeypatch.setenv("SHOP_PASSWORD", "hunter3")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert [secret(one, tmp_path) for one in ("file:kept", "env:SHOP_PASSWORD")] == ["hunter2", "hunter3"]
    assert secret("credential:kept", tmp_path / "elsewhere") == "hunter2"
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    for one, said in (
        ("env:NOBODY", "the environment variable NOBODY, which holds a secret, is not set"),
        ("credential:kept", "is only available to processes started by systemd"),
        ("file:none", "none cannot be read: No such file or directory"),
    ):
        with pytest.raises(BadConfiguration, match=said):
            secret(one, tmp_path)


@dataclass
class Inner:
    """A table."""

    price: float = 0.0


@dataclass
class Shapes:
    """A setting of each shape."""

    table: Inner = field(default_factory=Inner)
    by_name: dict[str, str] = field(default_factory=dict)
    several: tuple[int, ...] = ()
    text: str | None = None
    is_on: bool = False


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("table = 5", "table must be a table, not 5"),
        ("table = {price = true}", "price must be a number, not True"),
        ("by_name = 5", "by_name must be a table, not 5"),
        ("by_name = {ILS = 5}", "ILS must be a string, not 5"),
        ("several = 5", "several must be a list, not 5"),
        ("several = [1, true]", "several must be a whole number, not True"),
        ("text = 5", "text must be a string, not 5"),
        ("is_on = 1", "is_on must be true or false, not 1"),
    ],
)
def test_a_setting_of_another_shape_is_one_sentence(written: str, said: str) -> None:
    with pytest.raises(BadConfiguration, match=rf"^shop\.toml(, line 1)?: {re.escape(said)}$"):
        schema.read_text(written, Shapes, name="shop.toml")


def test_a_shop_is_made_on_the_database_that_is_named(tmp_path: Path) -> None:
    ended = Terminal(tmp_path)("init", str(tmp_path / "s"), "--database", "sqlite:other.db", "--currency", "nis")
    assert (ended.code, ended.stderr.startswith("created the shop ")) == (0, True)
    assert read_shop(str(tmp_path / "s")).database_url == f"sqlite:{tmp_path / 's' / 'other.db'}"
    assert (tmp_path / "s" / "other.db").is_file()
    assert Terminal(tmp_path)("init", str(tmp_path / "s"), "--database", "sqlite:other.db").code == 77
    refused = Terminal(tmp_path)("init", str(tmp_path / "t"), "--database", "postgresql://u:hunter2@db/x")
    assert refused.code == 2
    assert "hunter2" not in refused.stderr
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('brand_color = "teal"', "brand_color must be written #rrggbb"),
        ('brand_color = "#0b6e7"', "brand_color must be written #rrggbb"),
        ('brand_color = "#0b6e75;"', "brand_color must be written #rrggbb"),
        ('logo = "http://shop.example/logo.png"', "logo must be an address that starts with https://"),
        ('logo = "logo.png"', "logo must be an address that starts with https://"),
        ("logo = 'https://a.example/\"><script>'", "logo must be an address that starts with https://"),
        ('logo = "https://a.example/a b.png"', "logo must be an address that starts with https://"),
        ('logo = "https://a.example/logo.png?size=2&x=1"\nbrand_color = "#FFd400"', None),
    ],
)
def test_the_look_of_mails_is_checked(tmp_path: Path, line: str, said: str | None) -> None:
    path = init_folder(tmp_path, name="x", language="en", currency="ILS", timezone="Asia/Jerusalem", country="IL")
    path.write_text(path.read_text(encoding="utf-8").replace("[mail]\n", f"[mail]\n{line}\n"), encoding="utf-8")
    if said is None:
        assert read_shop(str(tmp_path)).settings.mail.brand_color == "#FFd400"
    else:
        with pytest.raises(BadConfiguration, match=re.escape(said)):
            read_shop(str(tmp_path))


@pytest.mark.parametrize(
    ("words", "is_told"),
    [("", True), ("--language he --currency ILS", True), ("--quiet", False),
     ("--language he --currency ILS --timezone Asia/Jerusalem", False)],
)  # fmt: skip
def test_a_script_is_told_what_init_took_by_itself(tmp_path: Path, words: str, is_told: bool) -> None:
    made = Terminal(tmp_path)("init", str(tmp_path / "s"), *words.split())
    assert (made.code, made.stdout, "ILS, Asia/Jerusalem, language" in made.stderr) == (0, "", is_told)


def test_an_empty_list_of_columns_is_refused(retainctl: Terminal) -> None:
    for given in ("", " , "):
        told = retainctl("orders", "list", "--columns", given)
        assert (told.code, "no column is named" in told.stderr) == (2, True)


@pytest.mark.parametrize("country", ["ISRAEL", "Israel", "UK", "il"])
def test_a_country_is_its_code_of_iso_3166(folder: Path, country: str) -> None:
    """Else no country's law of advertising would hold, and nobody would be told."""
    path = folder / "retainctl.toml"
    path.write_text(path.read_text().replace('country = "IL"', f'country = "{country}"'))
    with pytest.raises(BadConfiguration, match="is not an ISO 3166 code"):
        read_shop(str(folder))


def test_what_is_nested_too_deeply_is_no_setting() -> None:
    with pytest.raises(BadConfiguration, match="nested too deeply"):
        schema.read_text("name = " + "[" * 100_000, Settings, name="deep.toml")


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--timezone", "Asia/Jerusalm", "timezone: 'Asia/Jerusalm' is not an IANA time zone such as Asia/Jerusalem"),
        ("--currency", "XXQ", "currency: 'XXQ' is not a currency"),
        ("--country", "Israel", "country: 'ISRAEL' is not an ISO 3166 code such as IL, US or DE"),
        ("--database", "mysql://x", "database must be sqlite:FILE or postgresql://…"),
    ],
)
def test_a_shop_that_is_asked_for_wrongly_is_not_made(tmp_path: Path, option: str, value: str, said: str) -> None:
    ended = Terminal(tmp_path)("init", str(tmp_path / "s"), option, value)
    assert (ended.code, ended.stderr.splitlines()[0]) == (2, f"retainctl: {said}")
    assert not (tmp_path / "s").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_does_not_work_in_another_s_shop(folder: Path, retainctl: Terminal) -> None:
    os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    ended = retainctl("orders", "list")
    assert (ended.code, ended.stdout) == (77, "")
    assert f"the shop {folder} belongs to nobody, who could not write what root makes in it" in ended.stderr
    assert "sudo -u nobody retainctl" in ended.stderr


@pytest.mark.parametrize(
    ("table", "line", "told"),
    [
        ("mail", "daily_cap = -1", "daily_cap must be 0 or more"),
        ("mail", "timeout_seconds = 0", "timeout_seconds must be 1 or more"),
        ("mail", "messages_per_connection = 0", "messages_per_connection must be 1 or more"),
        ("mail", "port = 99999", "port must be between 1 and 65535"),
        ("mail", "port = 0", "port must be between 1 and 65535"),
        ("limits", "marketing_per_week = -1", "marketing_per_week must be 0 or more"),
        ("limits", "marketing_per_month = -1", "marketing_per_month must be 0 or more"),
        ("mail", 'from_address = "me"', "from_address: 'me' is not an e-mail address"),
        ("mail", 'reply_to = "a@example,com"', "reply_to: 'a@example,com' is not an e-mail address"),
        ("mail", 'unsubscribe_address = "out"', "unsubscribe_address: 'out' is not an e-mail address"),
        ("", 'owner_email = "me"', "owner_email: 'me' is not an e-mail address"),
    ],
)
def test_what_no_setting_can_be_is_refused_on_its_line(tmp_path: Path, table: str, line: str, told: str) -> None:
    base = 'name = "Cafe"\nlanguage = "he"\ncurrency = "ILS"\ntimezone = "Asia/Jerusalem"\n'
    text = base + (f"[{table}]\n{line}\n" if table else f"{line}\n")
    (tmp_path / "retainctl.toml").write_text(text, encoding="utf-8")
    with pytest.raises(
        BadConfiguration, match=rf"line {text[: text.index(line)].count(chr(10)) + 1}: {re.escape(told)}"
    ):
        read_shop(str(tmp_path))


def test_a_file_that_begins_with_a_mark_of_its_encoding_is_read(tmp_path: Path) -> None:
    text = 'name = "Cafe"\nlanguage = "he"\ncurrency = "ILS"\ntimezone = "Asia/Jerusalem"\n'
    (tmp_path / "retainctl.toml").write_text(text, encoding="utf-8-sig")
    assert read_shop(str(tmp_path)).settings.name == "Cafe"
