"""Write docs/report.png, README's picture: a report of the demo as a browser shows it. By hand, not in `make docs`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.browser import browser
from tests.conftest import NOW, ROOT

PICTURE = ROOT / "docs" / "report.png"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, browser() as running:
        subprocess.run([sys.executable, "-m", "retainctl", "--now", NOW, "demo", "shop"], cwd=folder, check=True)
        settings = Path(folder, "shop", "retainctl.toml")
        hebrew = settings.read_text(encoding="utf-8")
        settings.write_text(hebrew.replace('language = "he"', 'language = "en"'), encoding="utf-8")
        page = Path(folder, "retention.html")
        words = ["--shop", "shop", "--now", NOW, "reports", "show", "retention", "--output", str(page)]
        subprocess.run([sys.executable, "-m", "retainctl", *words], cwd=folder, check=True)
        shown = running.new_page(viewport={"width": 840, "height": 900})
        shown.goto(page.as_uri())
        shown.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
