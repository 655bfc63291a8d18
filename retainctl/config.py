"""The shop folder: finding it, making it, reading and checking ``retainctl.toml``.

This module alone reads the environment: for the folder's name and for the secrets that a setting names.
"""

from __future__ import annotations

import dataclasses
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from retainctl import schema
from retainctl.clock import Clock, parse_instant
from retainctl.errors import BadConfiguration, BadData, Refused
from retainctl.money import currency_code
from retainctl.rows import Row

FILE_NAME = "retainctl.toml"
FOLDER_VARIABLE = "RETAINCTL_SHOP"


SECRETS = ("env:", "file:", "credential:")  # where a secret may be; see secret()


@dataclass(frozen=True, slots=True)
class Mail:
    """How mail is sent: as files in the shop folder or through a server, and from which address."""

    channel: Literal["files", "mail"] = "files"
    from_address: str = ""
    from_name: str = ""
    reply_to: str = ""
    unsubscribe_address: str = ""
    host: str = ""
    port: int = 465
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str = ""
    password: str = ""
    connections: int = 4
    messages_per_connection: int = 100
    timeout_seconds: int = 300
    pipelining: bool = True
    daily_cap: int = 0

    def __post_init__(self) -> None:
        if self.password and not self.password.startswith(SECRETS):
            raise ValueError("password must be a reference: env:NAME, file:PATH or credential:NAME")
        if not 1 <= self.connections <= 32:
            raise ValueError("connections must be between 1 and 32")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: by law, every advertisement must state the sender's name, address and contact."""

    name: str = ""
    postal_address: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """The contact budget over all channels, and the quiet hours, when nothing is sent."""

    marketing_per_week: int = 2
    marketing_per_month: int = 6
    quiet_from: str = "21:00"
    quiet_until: str = "08:00"
    quiet_days: tuple[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], ...] = ()

    def __post_init__(self) -> None:
        for text in (self.quiet_from, self.quiet_until):
            hour, colon, minute = text.partition(":")
            if not (colon and hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
                raise ValueError(f"{text!r} is not a time such as 21:00")


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``retainctl.toml`` says.

    Messages link to `public_url`: there, `/u/TOKEN` must unsubscribe and `/s/TOKEN` must take the answers to a survey
    (see how-to/mail.md). Without it, both are done by mail.
    """

    name: str
    language: Literal["he", "en"]
    currency: str
    timezone: str
    country: str = ""
    database: str = "sqlite:retain.db"
    public_url: str = ""
    mail: Mail = field(default_factory=Mail)
    sender: Sender = field(default_factory=Sender)
    limits: Limits = field(default_factory=Limits)
    ping_url: str = ""

    def __post_init__(self) -> None:
        try:
            if currency_code(self.currency) != self.currency:
                raise ValueError(f"currency must be written {currency_code(self.currency)}")
        except BadData as error:
            raise ValueError(str(error)) from None
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{self.timezone!r} is not an IANA time zone such as Asia/Jerusalem") from None
        if not self.database.startswith(("sqlite:", "postgresql://")):
            raise ValueError("database must be sqlite:FILE or postgresql://…")
        if _holds_password(self.database):
            raise ValueError("database must not contain a password; use postgresql://env:NAME")
        for name in ("public_url", "ping_url"):
            url = getattr(self, name)
            if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
                raise ValueError(f"{name} must start with https://")

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``: the way the shop's language is read."""
        return "rtl" if self.language == "he" else "ltr"


@dataclass(frozen=True, slots=True)
class Shop:
    """One shop: its folder, what its file says, and its clock. Handed to every function of the engine."""

    folder: Path
    settings: Settings
    clock: Clock

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


def init_folder(folder: Path, *, name: str, language: str, currency: str, timezone: str, country: str) -> Path:
    """Make a shop folder with its files; a folder that holds a shop already is refused untouched."""
    target = folder / FILE_NAME
    if target.exists():
        raise Refused(
            f"{folder} is already a shop folder", hint=f"Show its settings: retainctl --shop {folder} config show"
        )
    text = _FIRST_FILE.format(
        name=_toml_text(name or folder.resolve().name),
        language=_toml_text(language),
        currency=_toml_text(currency_code(currency)),
        timezone=_toml_text(timezone),
        country=_toml_text(country.upper()),
    )
    schema.read_text(text, Settings, name=str(target))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with target.open("x", encoding="utf-8") as file:
        file.write(text)
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
            raise BadConfiguration(
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


def _toml_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


_FIRST_FILE = """\
# The shop's settings. Show every value and where it comes from: retainctl config show
name = {name}
language = {language}
currency = {currency}
timezone = {timezone}
# The country whose advertising law applies: "IL" puts "פרסומת" at the start of the subject.
country = {country}
database = "sqlite:retain.db"

[sender]
# By law, every advertisement must name its sender.
name = {name}
postal_address = ""
contact = ""

[mail]
from_address = ""
# Mail to this address means "unsubscribe": read it.
unsubscribe_address = ""
# host = "smtp.example.com"
# user = "shop"
# password = "env:RETAINCTL_MAIL_PASSWORD"

[limits]
marketing_per_week = 2
marketing_per_month = 6
quiet_from = "21:00"
quiet_until = "08:00"
"""
