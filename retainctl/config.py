"""The shop folder: finding it, making it, reading and checking ``retainctl.toml``.

This module alone reads the shop's environment: its folder's name, and the secrets that a setting names.
"""

from __future__ import annotations

import dataclasses
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from retainctl import schema
from retainctl.clock import Clock, Weekday, parse_instant
from retainctl.countries import COUNTRIES
from retainctl.errors import BadConfiguration, BadData, Refused, WrongUsage
from retainctl.files import write_text
from retainctl.money import currency_code
from retainctl.normalising import email_address
from retainctl.rows import Row
from retainctl.wording import direction

FILE_NAME = "retainctl.toml"
DATABASE_NAME = "retain.db"
FOLDER_VARIABLE = "RETAINCTL_SHOP"

# What stands in a first file with its default, and not as a comment: to be filled in, or looked at.
_WRITTEN_OUT = (
    "database sender.postal_address sender.contact mail.from_address mail.unsubscribe_address"
    " limits.marketing_per_week limits.marketing_per_month limits.quiet_from limits.quiet_until"
).split()
_HEAD = """\
# The shop's settings. A setting behind a # has its default: remove the # to change it.
# Every setting with its value and where it comes from: retainctl config show

"""

SECRETS = ("env:", "file:", "credential:")  # where a secret may be; see secret()
OwnFolder = Literal["locks", "mail", "templates"]


def _require(table: object, least: int, *names: str) -> None:
    """ValueError where one of these settings of *table* is less than *least*."""
    for name in names:
        if getattr(table, name) < least:
            raise ValueError(f"{name} must be {least} or more")


def _require_addresses(table: object, *names: str) -> None:
    """ValueError where one of these settings of *table* says something that is no e-mail address."""
    for name in names:
        if text := getattr(table, name):
            try:
                email_address(text)
            except BadData:
                raise ValueError(f"{name}: {text!r} is not an e-mail address") from None


@dataclass(frozen=True, slots=True)
class Mail:
    """How mail is sent, and from which address."""

    channel: Annotated[
        Literal["files", "mail"], "files writes each message to the shop's folder mail; mail hands it to the server."
    ] = "files"
    from_address: Annotated[str, "The address that customers see as the sender."] = ""
    from_name: Annotated[str, "The name beside that address; empty means the shop's."] = ""
    reply_to: Annotated[
        str, "Where replies go, refusals among them: read this mailbox every day. Empty means from_address."
    ] = ""
    unsubscribe_address: Annotated[
        str,
        "Where customers write to unsubscribe. Read this mailbox every day. Empty means reply_to, else from_address.",
    ] = ""
    logo: Annotated[str, "The https address of a picture, 40 pixels high, that a mail shows instead of the name."] = ""
    brand_color: Annotated[str, "The colour of a mail's bar and button, such as #0b6e75."] = "#0b6e75"
    host: Annotated[str, "The mail server, such as smtp.example.com."] = ""
    port: Annotated[int, "Its port: 465 for tls, 587 for starttls."] = 465
    security: Annotated[
        Literal["tls", "starttls", "none"], "How the connection is encrypted; none is for a relay on this machine."
    ] = "tls"
    user: Annotated[str, "The user name; empty means no login."] = ""
    password: Annotated[str, "Where it is: env:NAME, file:PATH (mode 0600) or credential:NAME (systemd)."] = ""
    connections: Annotated[int, "The number of connections that send at the same time, from 1 to 32."] = 4
    messages_per_connection: Annotated[
        int, "The number of messages after which a connection is closed and another one opened."
    ] = 100
    timeout_seconds: Annotated[int, "How long to wait for a reply from the server."] = 300
    pipelining: Annotated[bool, "Send commands without waiting for each reply, if the server supports it."] = True
    daily_cap: Annotated[int, "The maximum number of messages per day; 0 means no limit."] = 0

    def __post_init__(self) -> None:
        if self.password and not self.password.startswith(SECRETS):
            raise ValueError("password must be a reference: env:NAME, file:PATH or credential:NAME")
        if not re.fullmatch("#[0-9a-fA-F]{6}", self.brand_color):
            raise ValueError("brand_color must be written #rrggbb, such as #0b6e75")
        if self.logo and not re.fullmatch(r"https://[!#$%&(-;=?-~]+", self.logo, re.ASCII):
            raise ValueError("logo must be an address that starts with https://, without blanks")
        if not 1 <= self.connections <= 32:
            raise ValueError("connections must be between 1 and 32")
        if not 1 <= self.port <= 65_535:
            raise ValueError("port must be between 1 and 65535")
        _require(self, 1, "messages_per_connection", "timeout_seconds")
        _require(self, 0, "daily_cap")
        _require_addresses(self, "from_address", "reply_to", "unsubscribe_address")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: by law, every advertisement must state the sender's name, address and contact."""

    name: Annotated[str, "The legal name of the sender."] = ""
    postal_address: Annotated[str, "The postal address."] = ""
    contact: Annotated[str, "A phone number or address at which the sender can be reached."] = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """The contact budget over all channels, and the quiet hours. Service messages are exempt from both."""

    marketing_per_week: Annotated[int, "The maximum number of messages per customer in 7 days; 0 means no limit."] = 2
    marketing_per_month: Annotated[int, "The maximum number of messages per customer in 30 days; 0 means no limit."] = 6
    quiet_from: Annotated[str, "The time at which quiet hours begin; equal to quiet_until means no quiet hours."] = (
        "21:00"
    )
    quiet_until: Annotated[str, "The time at which quiet hours end."] = "08:00"
    quiet_days: Annotated[tuple[Weekday, ...], "Days that are quiet from beginning to end, such as saturday."] = ()

    def __post_init__(self) -> None:
        for key in ("quiet_from", "quiet_until"):
            text = getattr(self, key)
            hour, colon, minute = text.partition(":")
            if not (colon and hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
                raise ValueError(f"{key}: {text!r} is not a time such as 21:00")
        _require(self, 0, "marketing_per_week", "marketing_per_month")


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``retainctl.toml`` says."""

    name: Annotated[str, "The shop's name, as customers see it."]
    language: Annotated[Literal["he", "en"], "The language of messages and reports."]
    currency: Annotated[str, "The shop's own currency: an ISO 4217 code such as ILS."]
    timezone: Annotated[str, "The shop's IANA time zone, such as Asia/Jerusalem: when its days begin and end."]
    country: Annotated[
        str,
        "The country whose advertising law applies, and that of phone numbers without a country code, such as "
        '"IL", which puts "פרסומת" at the start of the subject.',
    ] = ""
    database: Annotated[
        str, "sqlite:FILE in this folder, or postgresql://… without a password; postgresql://env:NAME reads it there."
    ] = f"sqlite:{DATABASE_NAME}"
    public_url: Annotated[
        str,
        "The address of your own server: /u/TOKEN must unsubscribe and /s/TOKEN take the answers to a survey (see "
        "docs/how-to/mail.md). Empty means that both are done by mail.",
    ] = ""
    mail: Mail = field(default_factory=Mail)
    sender: Sender = field(default_factory=Sender)
    limits: Limits = field(default_factory=Limits)
    owner_email: Annotated[
        str, "Where the weekly digest goes: the week's figures, and what needs a person. Empty means nobody gets it."
    ] = ""
    ping_url: Annotated[
        str,
        "A health check to ping for every job: ping_url/start, then ping_url/EXIT_CODE; {job} is the job's name.",
    ] = ""

    def __post_init__(self) -> None:
        try:
            if currency_code(self.currency) != self.currency:
                raise ValueError(f"currency must be written {currency_code(self.currency)}")
        except BadData as error:
            raise ValueError(f"currency: {error}") from None
        if self.country and self.country not in COUNTRIES:
            raise ValueError(f"country: {self.country!r} is not an ISO 3166 code such as IL, US or DE")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"timezone: {self.timezone!r} is not an IANA time zone such as Asia/Jerusalem") from None
        if not self.database.startswith(("sqlite:", "postgresql://")):
            raise ValueError("database must be sqlite:FILE or postgresql://…")
        if _holds_password(self.database):
            raise ValueError("database must not contain a password; use postgresql://env:NAME")
        _require_addresses(self, "owner_email")
        for name in ("public_url", "ping_url"):
            url = getattr(self, name)
            if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
                raise ValueError(f"{name} must start with https://")

    @property
    def own_addresses(self) -> frozenset[str]:
        """The e-mail addresses that the shop writes from and reads, in small letters."""
        mail = self.mail
        return frozenset(one.lower() for one in (mail.from_address, mail.reply_to, mail.unsubscribe_address) if one)

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``: the way the shop's language is read."""
        return direction(self.language)


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop: its folder, what its file says, and its clock. Handed to every function of the engine."""

    folder: Path
    settings: Settings
    clock: Clock

    def own(self, name: OwnFolder) -> Path:
        """The folder that the program keeps for itself, beside those of the files that define."""
        return self.folder / name

    @property
    def database_url(self) -> str:
        """The database's address; a SQLite file is named from the shop folder."""
        url = self.settings.database
        if url.startswith("sqlite:"):
            return f"sqlite:{self.folder / url.removeprefix('sqlite:')}"
        reference = url.removeprefix("postgresql://")
        if not reference.startswith(SECRETS):
            return url
        address = re.sub(r"^postgres://", "postgresql://", secret(reference, self.folder))
        if not address.startswith("postgresql://"):
            raise BadConfiguration(f"the value of {reference} does not start with postgresql://")
        return address


class SettingRow(Row, kind="setting"):
    """One setting, its value, and where the value comes from."""

    setting: str
    value: str
    origin: str


def find_folder(named: str | None) -> Path:
    """The shop folder: *named* by a flag, else by the environment, else the first one upwards from here."""
    choice = named or os.environ.get(FOLDER_VARIABLE)
    if choice:
        folder = Path(choice).resolve()
        if not (folder / FILE_NAME).is_file():
            raise BadConfiguration(
                f"there is no shop at {folder}: {FILE_NAME} is missing",
                hint=f"Create one: retainctl init {choice}",
            )
        return folder
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder
    raise BadConfiguration(
        f"there is no {FILE_NAME} in this folder or any parent folder",
        hint="Use --shop DIR, or create a shop: retainctl init DIR",
    )


def read_shop(named: str | None, *, now: str | None = None) -> Shop:
    """The shop in its folder, with its clock; *now* makes the clock stand still."""
    folder = find_folder(named)
    settings = schema.read_file(folder / FILE_NAME, Settings)
    zone = ZoneInfo(settings.timezone)
    return Shop(folder, settings, Clock(zone, parse_instant(now, zone) if now else None))


def _code(currency: str) -> str:
    try:
        return currency_code(currency)
    except BadData as error:
        raise WrongUsage(f"currency: {error}", hint=error.hint) from None


def init_folder(
    folder: Path,
    *,
    name: str,
    language: str,
    currency: str,
    timezone: str,
    country: str,
    database: str = f"sqlite:{DATABASE_NAME}",
) -> Path:
    """Make a shop folder with its settings; a folder that is already a shop folder is refused untouched.

    One whose making was cut off, before it had a database, is made again by the same words.
    """
    target = folder / FILE_NAME
    name = name or folder.resolve().name
    given = {
        **dict.fromkeys(_WRITTEN_OUT),
        "name": name,
        "language": language,
        "currency": _code(currency),
        "timezone": timezone,
        "country": country.upper(),
        "sender.name": name,
        "database": database,
    }
    text = _HEAD + schema.first_file(Settings, given)
    try:
        schema.read_text(text, Settings, name=str(target))
    except BadConfiguration as error:  # there is no such file yet, but what was asked for
        raise WrongUsage(str(error).partition(": ")[2], hint=error.hint) from None
    file = folder / database.removeprefix("sqlite:") if database.startswith("sqlite:") else None
    begun = target.exists() and target.read_text(encoding="utf-8") == text and not (file and file.exists())
    if target.exists() and not begun:
        raise Refused(
            f"{folder} is already a shop folder", hint=f"Show its settings: retainctl --shop {folder} config show"
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_text(target, text)
    return target


def show_settings(shop: Shop) -> list[SettingRow]:
    """Every setting with its value and its origin: a line of the file, or the default."""
    path = shop.folder / FILE_NAME
    source = schema.Source(FILE_NAME, path.read_text(encoding="utf-8"))
    return [
        SettingRow(
            setting=".".join(keys),
            value=str(value),
            origin=f"{FILE_NAME}, line {line}" if (line := source.line(keys)) else "default",
        )
        for keys, value in _flatten(shop.settings, ())
    ]


def _flatten(settings: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    for one in dataclasses.fields(settings):  # type: ignore[arg-type]
        value = getattr(settings, one.name)
        if dataclasses.is_dataclass(value):
            yield from _flatten(value, (*path, one.name))
        else:
            yield (*path, one.name), ", ".join(value) if isinstance(value, tuple) else value


def environment_with(**more: str) -> dict[str, str]:
    """This program's environment and *more*, for a program that it starts: the way to hand over a secret unseen."""
    return {**os.environ, **more}


class NotHandedOver(BadConfiguration):
    """A secret that systemd hands over to its services alone was asked for by somebody else."""


def secret(reference: str, folder: Path) -> str:
    """The secret that *reference* names.

    ``env:NAME``; ``file:PATH`` of one's own with mode 0600; ``credential:NAME``, which systemd hands to its service.
    """
    way, _, name = reference.partition(":")
    if way == "env":
        value = os.environ.get(name)
        if not value:
            raise BadConfiguration(f"the environment variable {name}, which holds a secret, is not set")
        return value
    if way == "credential":
        handed = os.environ.get("CREDENTIALS_DIRECTORY")
        if not handed:
            raise NotHandedOver(
                f"the credential {name} is only available to processes started by systemd",
                hint="Start the job's systemd unit, or keep the secret in a file: file:PATH",
            )
        folder = Path(handed)
    path = folder / name
    try:
        mode = path.stat()
        if mode.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or mode.st_uid not in (os.getuid(), 0):
            raise BadConfiguration(f"{path} is readable by other users", hint=f"Run: chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadConfiguration(f"the secret in {path} cannot be read: {error.strerror}") from None


def _holds_password(address: str) -> bool:
    """Whether a PostgreSQL address has a password in it, before its host or among its parameters."""
    parameters = {name for name, _ in parse_qsl(address.partition("?")[2])}
    return bool(re.match(r"postgresql://[^/@]*:[^/@]+@", address) or parameters & {"password", "sslpassword"})
