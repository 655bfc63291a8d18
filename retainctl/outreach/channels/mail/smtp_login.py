"""Connecting and logging in with yagmail; nothing else of it is used.

By default yagmail does not check certificates, has no timeout, turns a user without "@" into a Gmail address, asks for
a password on the terminal, and writes to stderr; all of this is prevented here.
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
    """The password for the mail server; BadConfiguration where it is missing or must not be sent unencrypted."""
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
        raise BadConfiguration("the password would be sent unencrypted", hint='Set security = "tls" under [mail].')
    return secret(mail.password, shop.folder)


class Server:
    """The shop's mail server, by its settings."""

    def __init__(self, mail: Mail, password: str) -> None:
        self._mail = mail
        self._password = password
        self._own_name = socket.getfqdn()
        # Loading the system's trusted certificates takes longer than sending twenty messages.
        self._context = None if mail.security == "none" else ssl.create_default_context()

    def log_in(self) -> Future[smtplib.SMTP]:
        """Run ``logged_in`` in a thread of its own, because it blocks, and a silent server can take long."""
        future: Future[smtplib.SMTP] = Future()

        def work() -> None:
            try:
                future.set_result(self.logged_in())
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=work, daemon=True, name="login").start()
        return future

    def logged_in(self) -> smtplib.SMTP:
        """A connection that is ready for use, with TLS and login as the settings say.

        BadConfiguration where the server refuses the login or its certificate is not valid; Unavailable where it does
        not answer properly, which may be temporary.
        """
        client = None
        try:
            client = self._client()
            client.user = self._mail.user  # yagmail has turned a name without "@" into a Gmail address
            client.login()
            client.smtp.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:  # SMTPException is an OSError, and its codes tell more
            raise _told(error, self._mail) from error
        finally:
            if client is not None:
                client.is_closed = True  # else its destructor sends QUIT on the connection that is still in use
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
                f"TLS certificate verification failed for the mail server {where}: {error.verify_message}",
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
