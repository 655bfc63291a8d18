"""Install the built wheel into an empty environment and use it from another folder with no environment at all.

``python tests/smoke.py dist`` prints nothing but its last line when all is well.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path


def main(dist: Path) -> None:
    (wheel,) = dist.resolve().glob("*.whl")
    with tempfile.TemporaryDirectory(prefix="retainctl-smoke-") as name:
        folder = Path(name)
        venv.create(folder / "venv", with_pip=True)
        python = folder / "venv" / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel], check=True)
        program = folder / "venv" / "bin" / "retainctl"
        for words in (["--version"], ["--help"], ["demo", "shop"], ["--shop", "shop", "doctor"]):
            ended = subprocess.run(
                ["/usr/bin/env", "-i", str(program), *words],
                cwd=folder, capture_output=True, text=True, check=False, timeout=300,
            )  # fmt: skip
            if ended.returncode != 0:
                sys.exit(f"retainctl {' '.join(words)} ended with {ended.returncode}\n{ended.stdout}{ended.stderr}")
    sys.stdout.write(f"{wheel.name}: installed elsewhere, and every word it was given worked\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
