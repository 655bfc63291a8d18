"""Install the built wheel into an empty environment and use it from another folder with no environment at all.

``python tests/smoke.py dist`` prints nothing but its last line when all is well.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

WORDS = (
    ["--version"], ["--help"], ["help", "exit-codes"], ["help", "deploy"], ["help", "orders", "import"],
    ["completion", "bash"], ["demo", "shop"], ["--shop", "shop", "doctor"],
)  # fmt: skip
SAID = {"help exit-codes": "| 75 | Try again later", "completion bash": "complete", "help deploy": "# Install it"}


def main(dist: Path) -> None:
    (wheel,) = dist.resolve().glob("*.whl")
    with tempfile.TemporaryDirectory(prefix="retainctl-smoke-") as name:
        folder = Path(name)
        venv.create(folder / "venv", with_pip=True)
        python = folder / "venv" / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel], check=True)
        program = folder / "venv" / "bin" / "retainctl"
        said = {}
        for words in WORDS:
            ended = subprocess.run(
                ["/usr/bin/env", "-i", str(program), *words],
                cwd=folder, capture_output=True, text=True, check=False, timeout=300,
            )  # fmt: skip
            if ended.returncode != 0:
                sys.exit(f"retainctl {' '.join(words)} ended with {ended.returncode}\n{ended.stdout}{ended.stderr}")
            said[" ".join(words)] = ended.stdout
        missing = [words for words, text in SAID.items() if text not in said[words]]
        manual = folder / "venv" / "share" / "man" / "man1"
        missing += [name for name in ("retainctl.1", "retainctl-orders.1") if not (manual / name).is_file()]
        if missing or ".SH EXIT STATUS" not in (manual / "retainctl.1").read_text(encoding="utf-8"):
            sys.exit(f"not as it should be: {', '.join(missing) or 'the manual page'}")
    sys.stdout.write(f"{wheel.name}: installed elsewhere, and every word it was given worked\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
