"""``retainctl config``."""

from __future__ import annotations

from retainctl.terminal import Group, choices, columns_option, note, read_words, show

config = Group("config", help="Show and check the shop's settings.")


@config.command("show")
@columns_option
def show_settings() -> None:
    """Show every setting, its value and where the value comes from."""
    from retainctl.config import SettingRow, read_shop, show_settings

    show(show_settings(read_shop(choices().shop)), row_type=SettingRow)


@config.command()
def check() -> None:
    """Check the shop's files; print nothing when they are valid."""
    from retainctl.config import read_shop
    from retainctl.doctor import check_files

    shop = read_shop(choices().shop)
    check_files(shop, read_words)
    note(f"no errors found in {shop.folder}")
