"""Connecting and logging in, by yagmail; nothing else of it is used.

Left to itself it would not check certificates, wait for ever, turn a user without "@" into a Gmail address, ask for a
password on the terminal, and write to stderr.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from concurrent.futures import Future
from typing import Any

import yagmail

from retainctl.config import Mail, Shop, secret
from retainctl.errors import BadConfiguration, Unavailable

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def password_of(shop: Shop) -> str:
    """The password of the mail server; BadConfiguration where the shop has none that can be used."""
    mail = shop.settings.mail
    if not mail.host:
        raise BadConfiguration("no mail server is set", hint="Write host under [mail] in retainctl.toml.")
    if not mail.user:
        return ""
    if not mail.password:
        raise BadConfiguration(
            f"the mail server's user {mail.user} has no password", hint='Write password = "env:NAME" under [mail].'
        )
    if mail.security == "none" and mail.host not in _LOOPBACK:
        raise BadConfiguration("the password would cross the network in the clear", hint='Set security = "tls".')
    return secret(mail.password, shop.folder)


class Server:
    """The shop's mail server, as its settings say."""

    def __init__(self, mail: Mail, password: str) -> None:
        self._mail = mail
        self._password = password
        self._own_name = socket.getfqdn()
        # Reading the certificates that the system trusts takes longer than twenty messages.
        self._context = None if mail.security == "none" else ssl.create_default_context()

    def log_in(self) -> Future[smtplib.SMTP]:
        """What ``logged_in`` gives, on a thread of its own: it blocks, and a silent server takes its time."""
        future: Future[smtplib.SMTP] = Future()

        def work() -> None:
            try:
                future.set_result(self.logged_in())
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=work, daemon=True, name="login").start()
        return future

    def logged_in(self) -> smtplib.SMTP:
        """A connection that the server greeted, with TLS and login as the settings say.

        BadConfiguration where the server refuses the login or its certificate is not good; Unavailable where it does
        not answer as it should, and may later.
        """
        client = None
        try:
            client = self._client()
            client.user = self._mail.user  # a name without "@" has become a Gmail address by now
            client.login()
            client.smtp.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:  # SMTPException is an OSError, and its codes tell more
            raise _told(error, self._mail) from error
        finally:
            if client is not None:
                client.is_closed = True  # else its destructor says QUIT on the connection that we go on with
        return client.smtp  # type: ignore[no-any-return]

    def _client(self) -> Any:
        mail = self._mail
        way: dict[str, Any] = {"smtp_ssl": False, "smtp_starttls": False}
        if mail.security == "tls":
            way = {"smtp_ssl": True, "smtp_starttls": False, "context": self._context}
        elif mail.security == "starttls":
            way = {"smtp_ssl": False, "smtp_starttls": {"context": self._context}}
        client = yagmail.SMTP(
            user=mail.user or "nobody@localhost",
            password=self._password,
            host=mail.host,
            port=mail.port,
            smtp_skip_login=not mail.user,
            soft_email_validation=False,
            timeout=mail.timeout_seconds,
            local_hostname=self._own_name,
            **way,
        )
        client.set_logging(None)
        return client


def _told(error: OSError, mail: Mail) -> BadConfiguration | Unavailable:
    where = f"{mail.host}:{mail.port}"
    match error:
        case smtplib.SMTPAuthenticationError(smtp_code=code) if code // 100 == 5:
            return BadConfiguration(
                f"the mail server {where} refuses the login of {mail.user} ({code})",
                hint="Check user and password under [mail].",
            )
        case smtplib.SMTPNotSupportedError():
            return BadConfiguration(
                f"the mail server {where} does not support what is set: {error}", hint="Check security under [mail]."
            )
        case ssl.SSLCertVerificationError():
            return BadConfiguration(
                f"the certificate of the mail server {where} is not valid: {error.verify_message}",
                hint="Set host to the name that the certificate is for.",
            )
        case ssl.SSLError():
            return BadConfiguration(
                f"the mail server {where} does not speak TLS: {error.reason}", hint="Check port and security."
            )
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=text):
            said = text.decode(errors="replace") if isinstance(text, bytes) else text
            return Unavailable(f"the mail server {where} refuses connections: {code} {said}")
        case TimeoutError():
            return Unavailable(f"the mail server {where} does not answer")
        case socket.gaierror():
            return Unavailable(f"the mail server {where} was not found: {error.strerror}")
    return Unavailable(f"the mail server {where} cannot be reached: {error}")
