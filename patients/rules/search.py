"""How people are found: by letters without accents, by digits of the phone, by birth date."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

# Letters that Unicode does not decompose into a base letter and an accent.
PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
DATES = (
    (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"), ("year", "month", "day")),
    (re.compile(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})(?!\d)"), ("day", "month", "year")),
)
PHONE = re.compile(r"[\d\s()+./-]+")


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody looks for: every word must occur, and the birth date match where given."""

    words: tuple[str, ...] = ()
    born: date | None = None


def normalise(text: str) -> str:
    """Return `text` in lower case without accents, apostrophes and control signs."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).casefold().translate(PLAIN)
    kept = (c for c in decomposed if not unicodedata.combining(c))
    printable = "".join(c if c.isprintable() else " " for c in kept)
    return " ".join(re.sub("['’]", "", printable).split())


def read_query(text: str) -> Query:
    """Read what was typed into the search box.

    `dd/mm/yyyy`, `dd.mm.yyyy` and `yyyy-mm-dd` are birth dates; a run of digits, spaces and
    telephone punctuation is one number, its leading zeros and plus left out.
    """
    born, rest = take_date(text.replace("(0)", ""))  # as in +44 (0)20 7946 0123
    if rest.strip() and PHONE.fullmatch(rest):
        digits = re.sub(r"\D", "", rest).lstrip("0")
        return Query((digits,) if digits else (), born)
    return Query(tuple(normalise(rest).split()), born)


def take_date(text: str) -> tuple[date | None, str]:
    """Return the birth date in `text`, if it holds a real one, and the text without it."""
    for pattern, order in DATES:
        found = pattern.search(text)
        if found:
            parts = dict(zip(order, map(int, found.groups()), strict=True))
            try:
                return date(**parts), text[: found.start()] + text[found.end() :]
            except ValueError:
                return None, text
    return None, text
