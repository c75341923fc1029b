"""How what was typed into the search box is read."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.rules.search import Query, normalise, read_query


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Sánchez", "sanchez"),
        ("SANCHEZ", "sanchez"),
        ("Łucja Wałęsa", "lucja walesa"),
        ("Groß", "gross"),
        ("GROSS", "gross"),
        ("Søren Ægir", "soren aegir"),
        ("Þóra Guðrún", "thora gudrun"),
        ("İpek Işık", "ipek isik"),
        ("Đorđe", "dorde"),
        ("Cœur", "coeur"),
        ("Françoise", "francoise"),
        ("  two   spaces ", "two spaces"),
        ("O’Neill", "oneill"),
        ("O'Neill", "oneill"),
        ("tab\tand\nline", "tab and line"),
        ("nul\x00here", "nul here"),
        ("\u202eright to left", "right to left"),
        ("ﬁne", "fine"),
        ("Ａｎｎａ", "anna"),
        ("𝕬nna", "anna"),
        ("Ǿster Ǽgir", "oster aegir"),
        ("Анна", "анна"),
        ("אנה", "אנה"),
        ("李", "李"),
        ("😀", "😀"),
        ("", ""),
    ],
)
def test_name_is_kept_without_accents_case_and_control_characters(typed: str, kept: str) -> None:
    assert normalise(typed) == kept


@given(st.text(max_size=60))
def test_normalised_text_is_stable_and_printable(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert once == " ".join(once.split())
    assert all(letter.isprintable() for letter in once)


BORN = date(1988, 3, 14)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", Query()),
        ("   ", Query()),
        ("Sánchez", Query(("sanchez",))),
        ("maria SANCHEZ", Query(("maria", "sanchez"))),
        ("p-7k3q9", Query(("p-7k3q9",))),
        # Birth dates, in three notations, alone or beside a name.
        ("14/03/1988", Query(born=BORN)),
        ("14/3/1988", Query(born=BORN)),
        ("14.03.1988", Query(born=BORN)),
        ("14-03-1988", Query(born=BORN)),
        ("14 03 1988", Query(born=BORN)),
        ("1988-03-14", Query(born=BORN)),
        ("1988-3-14", Query(born=BORN)),
        ("Sanchez 14/03/1988", Query(("sanchez",), BORN)),
        ("14/03/1988 maria", Query(("maria",), BORN)),
        ("29/02/1988", Query(born=date(1988, 2, 29))),
        # Telephone numbers, with what people put between the digits.
        ("020 7946 0123", Query(("2079460123",))),
        ("020-7946-0123", Query(("2079460123",))),
        ("(020) 7946.0123", Query(("2079460123",))),
        ("+44 20 7946 0123", Query(("442079460123",))),
        ("0044 20 7946 0123", Query(("442079460123",))),
        ("7946", Query(("7946",))),
        ("0", Query()),
        # No dates: nothing is found by guessing.
        ("31/02/1988", Query(("31021988",))),
        ("99/99/9999", Query(("99999999",))),
        ("0000-01-01", Query(("101",))),
        ("Sanchez 31/02/1988", Query(("sanchez", "31/02/1988"))),
    ],
)
def test_query_is_read_as_words_digits_or_a_birth_date(typed: str, read: Query) -> None:
    assert read_query(typed) == read


@given(st.text(max_size=80))
def test_query_of_any_text_is_read(text: str) -> None:
    query = read_query(text)
    assert all(word and " " not in word for word in query.words)


@given(st.dates())
def test_birth_date_is_read_from_each_notation(born: date) -> None:
    day, month, year = f"{born.day:02}", f"{born.month:02}", f"{born.year:04}"
    for text in (f"{day}/{month}/{year}", f"{day}.{month}.{year}", f"{year}-{month}-{day}"):
        assert read_query(text) == Query(born=born)
