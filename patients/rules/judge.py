"""Decision tables: rows of rules, a judge that tries every row, and the reasons that it keeps.

A condition answers True, False, or None for "cannot be told from these answers". The helpers
below combine such answers (Kleene's three-valued logic), so that an unknown never counts as
"no": a row that cannot be told keeps the verdict open as long as it could still change it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from patients.rules.facts import Number
from patients.terms import Area, Level

F = TypeVar("F")
Maybe = bool | None
Values = Mapping[str, str | int]

GRAVITY: Mapping[Level, int] = {
    Level.NONE: 0,
    Level.PRESENT: 1,
    Level.CONTRIBUTING: 2,
    Level.DOMINANT: 3,
}


def both(*answers: Maybe) -> Maybe:
    """Say yes when all say yes, no when one says no, otherwise unknown."""
    if any(answer is False for answer in answers):
        return False
    return None if any(answer is None for answer in answers) else True


def either(*answers: Maybe) -> Maybe:
    """Say yes when one says yes, no when all say no, otherwise unknown."""
    if any(answer is True for answer in answers):
        return True
    return None if any(answer is None for answer in answers) else False


def negate(answer: Maybe) -> Maybe:
    """Turn yes and no around and leave unknown."""
    return None if answer is None else not answer


def count_at_least(wanted: int, answers: Iterable[Maybe]) -> Maybe:
    """Say whether at least `wanted` answers are yes, counting unknown ones as open."""
    answers = tuple(answers)
    if answers.count(True) >= wanted:
        return True
    return None if answers.count(True) + answers.count(None) >= wanted else False


def is_(value: object | None, wanted: object) -> Maybe:
    """Compare a value that may be unknown."""
    return None if value is None else value == wanted


def within(value: Number | None, low: float, high: float) -> Maybe:
    """Say whether a number that may be unknown lies in low <= value < high."""
    if value is None or math.isnan(value):
        return None
    return low <= value < high


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why: a code for machines, a template with values for people, and the rule that said so."""

    code: str
    rule: str
    template: str
    values: Values = dataclasses.field(default_factory=dict)
    area: Area | None = None

    @property
    def sentence(self) -> str:
        """The sentence in English; to translate, translate `template` and fill in `values`."""
        return self.template % self.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An answer that is not there yet: the name of the fact, its area, and a sentence."""

    field: str
    area: Area | None
    template: str
    values: Values = dataclasses.field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The sentence in English; to translate, translate `template` and fill in `values`."""
        return self.template % self.values


def no_values(_: object) -> Values:
    """Fill nothing into a sentence that has no placeholder."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[F]):
    """One row: an id, the level that it gives, when it applies, and two sentences.

    `says` is the line that a medical lead signs; `template` is what the patient may read, or a
    function of the facts that chooses it. A row without `code` sets a level in silence. `needs`
    names the facts to ask for when the condition cannot be told.
    """

    id: str
    level: Level
    when: Callable[[F], Maybe]
    says: str
    code: str = ""
    template: str | Callable[[F], str] = ""
    values: Callable[[F], Values] = no_values
    needs: tuple[str, ...] = ()

    def reason(self, facts: F, area: Area | None = None) -> Reason | None:
        """Word the reason for these facts, or None for a row that stays silent."""
        template = self.template if isinstance(self.template, str) else self.template(facts)
        if not (self.code and template):
            return None
        return Reason(
            code=self.code, rule=self.id, template=template, values=self.values(facts), area=area
        )


@dataclass(frozen=True, slots=True)
class Judgement(Generic[F]):
    """What a table says of some facts: the rows that were met and those that cannot be told."""

    met: tuple[Rule[F], ...]
    open: tuple[Rule[F], ...]

    @property
    def level(self) -> Level:
        """The level of the gravest row that was met."""
        return gravest(self.met)

    @property
    def ceiling(self) -> Level:
        """The gravest level that the answers still allow."""
        return gravest(self.met + self.open)

    @property
    def is_settled(self) -> bool:
        """Whether no missing answer can make the level graver."""
        return self.level == self.ceiling

    @property
    def leading(self) -> tuple[Rule[F], ...]:
        """The rows that set the level; a lesser row of the same table would contradict them."""
        return tuple(rule for rule in self.met if rule.level == self.level)

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of the facts that rows graver than the level still ask for."""
        graver = (rule for rule in self.open if GRAVITY[rule.level] > GRAVITY[self.level])
        return tuple(dict.fromkeys(name for rule in graver for name in rule.needs))


def gravest(rules: Iterable[Rule[F]]) -> Level:
    """Pick the gravest level among rows, "none" when there are no rows."""
    return max((rule.level for rule in rules), key=GRAVITY.__getitem__, default=Level.NONE)


def judge(facts: F, table: Iterable[Rule[F]]) -> Judgement[F]:
    """Try every row of a table on the facts and keep every row that is met or open."""
    tried = tuple((rule, rule.when(facts)) for rule in table)
    return Judgement(
        met=tuple(rule for rule, answer in tried if answer),
        open=tuple(rule for rule, answer in tried if answer is None),
    )
