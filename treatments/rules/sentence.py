"""Sentences that rules give and that callers write out: a template and its values.

`treatments.wording.worded` translates the template, formats the values, and puts them in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from patients.terms import Area


class Phrase(str):
    """A value that is itself a text to translate, such as the sentence of a safety list."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """Whole sentences with their full stops. A choice among the values is shown by its label."""

    template: str
    values: Mapping[str, Value] = field(default_factory=dict)


Value = int | Decimal | date | str | tuple[Area, ...] | Sentence
