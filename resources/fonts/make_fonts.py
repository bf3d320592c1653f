"""Make the bundled fonts from Noto Sans CJK SC (SIL Open Font License 1.1).

    python resources/fonts/make_fonts.py FOLDER_WITH_NOTO_SANS_CJK

Keeps Latin, Greek, Cyrillic, kana, the GB 2312 hanzi and the signs the program draws. The
family is renamed, as the licence asks of changed fonts, and so that it never mixes with a Noto
font installed on the machine. Debian: fonts-noto-cjk in /usr/share/fonts/opentype/noto.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FAMILY = "EnBloc Sans"
HERE = Path(__file__).resolve().parent
SIMPLIFIED_CHINESE = "Noto Sans CJK SC"
RANGES = (
    (0x0020, 0x007E),  # Latin
    (0x00A0, 0x017F),  # Latin-1 and Extended-A
    (0x02C6, 0x02DD),  # spacing accents
    (0x0370, 0x03FF),  # Greek
    (0x0400, 0x04FF),  # Cyrillic
    (0x2000, 0x206F),  # punctuation
    (0x2070, 0x209F),  # superscripts and subscripts
    (0x20A0, 0x20BF),  # currency
    (0x2100, 0x214F),  # letterlike
    (0x2150, 0x218F),  # number forms
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # mathematics
    (0x2460, 0x2473),  # circled numbers
    (0x2500, 0x25FF),  # box drawing and shapes
    (0x2600, 0x26FF),  # signs
    (0x2700, 0x27BF),  # ticks and crosses
    (0x3000, 0x30FF),  # CJK punctuation and kana
    (0xFF01, 0xFFEE),  # full width
)


def characters() -> set[int]:
    """Return the code points to keep."""
    kept = {point for first, last in RANGES for point in range(first, last + 1)}
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            kept.update(map(ord, bytes((high, low)).decode("gb2312", errors="ignore")))
    return kept


def make(source: Path, style: str) -> None:
    """Write the subset of one style beside this script."""
    options = subset.Options()
    options.hinting = False
    options.layout_features = ["kern", "mark", "mkmk", "ccmp"]
    options.name_IDs = ["*"]
    options.name_languages = [0x409]
    options.notdef_outline = True
    font = _simplified_chinese(source)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    _rename(font, style)
    target = HERE / f"{FAMILY.replace(' ', '')}-{style}.otf"
    font.save(target)
    print(f"{target.name}: {len(font.getGlyphOrder())} glyphs, {target.stat().st_size / 1e6:.1f} MB")


def _simplified_chinese(source: Path) -> TTFont:
    for number in range(10):
        font = TTFont(source, fontNumber=number, recalcTimestamp=False)
        if font["name"].getDebugName(1).startswith(SIMPLIFIED_CHINESE):
            return font
    raise LookupError(f"{source} holds no {SIMPLIFIED_CHINESE}")


def _rename(font: TTFont, style: str) -> None:
    postscript = f"{FAMILY.replace(' ', '')}-{style}"
    words = {
        1: FAMILY,
        2: style,
        3: f"{postscript};subset of {SIMPLIFIED_CHINESE}",
        4: f"{FAMILY} {style}",
        6: postscript,
    }
    font["name"].names = [record for record in font["name"].names if record.nameID in {*words, 0, 5, 13, 14}]
    for number, text in words.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    top = font["CFF "].cff
    top.fontNames = [postscript]
    top[0].FullName = f"{FAMILY} {style}"
    top[0].FamilyName = FAMILY


if __name__ == "__main__":
    for chosen in ("Regular", "Bold"):
        make(Path(sys.argv[1]) / f"NotoSansCJK-{chosen}.ttc", chosen)
