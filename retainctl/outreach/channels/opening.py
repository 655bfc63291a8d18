"""The list of channels."""

from __future__ import annotations

from typing import Literal, get_args

from retainctl.config import Shop
from retainctl.outreach.channels import Channel, files

ChannelName = Literal["files", "mail"]
NAMES: tuple[ChannelName, ...] = get_args(ChannelName)


def opened(shop: Shop, name: ChannelName) -> Channel:
    """The channel called *name*, ready to take letters; BadConfiguration where it cannot be."""
    if name == "files":
        return files.FilesChannel(shop.own("mail"))
    from retainctl.outreach.channels.mail.pool import MailChannel  # it imports yagmail, which takes a tenth of a second

    return MailChannel(shop)
