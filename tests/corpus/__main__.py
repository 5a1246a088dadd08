"""Hold what other systems have made against the laws: flows, mails and payloads of providers.

    python -m tests.corpus [folder] [--fuzz 20]

The folder has `flows` and `payloads` below it; without one the data beside the project is taken,
and where there is none nothing is done. What the laws are stands in `flows`, `mails` and
`payloads`, which run alone as well. It ends with 1 when a law is broken, and with 2 when there is
nothing in the folder that it was given.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from tests.corpus import flows, mails, payloads

USUAL: Final = Path(__file__).parents[3] / "shared" / "data"


def main(arguments: list[str] | None = None) -> int:
    """Run what is there, and return what the process ends with."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="default: the one beside the project")
    parser.add_argument("--fuzz", default="20", help="broken copies of each flow")
    given = parser.parse_args(arguments)
    folder: Path = given.folder or USUAL
    broken = found = 0
    if (folder / "flows").is_dir():
        found += 1
        broken += flows.main([str(folder / "flows"), "--fuzz", given.fuzz])
    if (folder / "payloads").is_dir():
        found += 1
        broken += mails.run(folder / "payloads") + payloads.run(folder / "payloads")
    if not found:
        print(f"there is nothing at {folder}; give a folder with flows or payloads below it")
        return 2 if given.folder else 0
    print("\nlaws broken" if broken else "\nall laws of all of them hold")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
