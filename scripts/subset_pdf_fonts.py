"""Cut the fonts of the PDF: python scripts/subset_pdf_fonts.py UNPACKED_NPM_DEJAVU_FONTS_TTF.

Afterwards write the new sha256 into static/vendor/VENDORED.md.
"""

import sys
from pathlib import Path

from fontTools import subset

FONTS = Path(__file__).resolve().parent.parent / "static" / "vendor" / "fonts"
FACES = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"]
# Latin, Greek, Cyrillic, then punctuation, currency, letterlike, arrows, maths, shapes, ballots.
RANGES = """
0020-007E 00A0-02FF 0300-036F 0370-03FF 0400-052F 1E00-1EFF 1F00-1FFF
2000-206F 2070-209F 20A0-20BF 2100-214F 2150-218F 2190-21FF 2200-22FF 25A0-25FF 2610-2612 2713 2717
"""


def main(folder: Path) -> None:
    for face in FACES:
        # fpdf2 shapes no text, so kerning and substitution would only weigh.
        options = subset.Options(hinting=False, layout_features=[], notdef_outline=True)
        options.drop_tables += ["GPOS", "GSUB", "GDEF", "FFTM", "kern"]
        options.recalc_timestamp = False
        font = subset.load_font(str(folder / "ttf" / face), options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=subset.parse_unicodes(RANGES.replace("\n", " ").strip()))
        cutter.subset(font)
        subset.save_font(font, str(FONTS / face), options)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
