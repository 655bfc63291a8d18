"""The list of channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from retainctl.config import Shop
from retainctl.outreach.channels import Channel
from retainctl.outreach.channels.files import files_channel


def _mail(shop: Shop) -> Channel:
    from retainctl.outreach.channels.mail.pool import MailChannel  # it imports yagmail, which takes a tenth of a second

    return MailChannel(shop)


# Each name in the table ``channels``, and a function that opens it; BadConfiguration where that is not possible.
CHANNELS: Final[dict[str, Callable[[Shop], Channel]]] = {
    "files": lambda shop: files_channel(shop.own("mail")),
    "mail": _mail,
}
