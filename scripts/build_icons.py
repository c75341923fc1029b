"""Build static/vendor/icons.svg: python scripts/build_icons.py UNPACKED_NPM_BOOTSTRAP_ICONS.

Afterwards write the new sha256 into static/vendor/VENDORED.md.
"""

import json
import re
import sys
from pathlib import Path

SPRITE = Path(__file__).resolve().parent.parent / "static" / "vendor" / "icons.svg"
NAMES = """
arrow-counterclockwise arrow-left-right arrow-repeat arrow-return-right arrow-right-short
arrows-collapse-vertical bandaid bar-chart box-arrow-right box-seam calendar-check calendar-plus
calendar3 camera check check-lg chevron-down chevron-left chevron-right chevron-up circle
circle-fill circle-half circle-square clipboard-check clipboard2-check clipboard2-pulse cloud-check
cloud-slash dash dash-circle dash-circle-dotted door-open download exclamation-octagon
exclamation-triangle eye eye-slash flag flag-fill gear hourglass-split image images info-circle
journal-medical layout-split lock moon pause pencil people person person-check person-plus
play-fill plus plus-lg printer question-circle search sliders stop-circle sun telephone
telephone-outbound three-dots upload x x-lg x-octagon zoom-in zoom-out
"""


def symbol(folder: Path, name: str) -> str:
    source = (folder / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    shapes = re.sub(r"\s*<svg[^>]*>|</svg>\s*|\n\s*", "", source)
    return f'<symbol id="{name}" viewBox="0 0 16 16" fill="currentColor">{shapes}</symbol>'


def main(folder: Path) -> None:
    version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
    note = f"<!-- Bootstrap Icons {version}, MIT, see licences/bootstrap-icons.txt -->"
    symbols = [symbol(folder, name) for name in sorted(NAMES.split())]
    lines = ['<svg xmlns="http://www.w3.org/2000/svg">', note, *symbols, "</svg>", ""]
    SPRITE.write_text("\n".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
