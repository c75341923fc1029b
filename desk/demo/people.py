"""The people of the demo: invented names, birth dates, and telephone numbers that reach nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from patients.models.patient import CODE_LETTERS
from patients.terms import Sex

Name = tuple[str, ...]

# Ofcom keeps 020 7946 0000 to 0999 for drama, and the form takes them for real numbers.
PHONE = "+442079460{:03d}"
MOST = 300  # each patient takes two numbers, her own and her contact's

WOMEN = (
    "Zoë / Lindqvist",
    "Aoife / O'Sullivan",
    "Inés / Fernández",
    "Małgorzata / Wójcik",
    "Chloé / Lefèvre",
    "Katarína / Horváthová",
    "Emine / Yıldız",
    "Søs / Nørgaard",
    "Beatriz / Gonçalves",
    "Siân / Griffiths",
    "Françoise / D'Aubigny",
    "Jana / Dvořáková",
    "Ilse / van der Meer",
    "Ana / Kovač",
    "Eilidh / MacLeod",
    "Lucía / Peña",
    "Björk / Þórsdóttir",
    "Agnieszka / Śliwińska",
    "Niamh / O'Connell",
    "Giulia / D'Angelo",
    "Märta / Öberg",
    "Ștefania / Ionescu",
    "Ayşe / Çelik",
    "Hélène / Beaulieu",
    "Réka / Szűcs",
    "Dagný / Jónsdóttir",
    "Mireia / Puigdemont i Soler",
    "Annelie / Schröder",
    "Sinéad / Ní Bhriain",
    "Jūratė / Žukauskienė",
    "Liis / Mägi",
    "Conceição / Araújo",
    "Grace / Adeyemi",
    "Hannah / Whitlock",
    "Priya / Raman",
    "Fiona / McAllister-Reid",
    "Noémie / Châtelain",
    "Vesna / Đorđević",
    "Ingrid / Håkansson",
    "Elżbieta / Łukasik",
    "Marta / L'Hoste",
    "Ludmila / Čapková",
    "Orla / Fitzgerald",
    "Şebnem / Güneş",
    "Teuta / Hoxha",
    "Kaisa / Räsänen",
    "Caoimhe / Ní Dhálaigh",
    "Renée / de Groot",
)
MEN = ("Mikołaj / Zając", "Séamus / O'Rourke", "Jörg / Weiß", "André / Baptista")
LANGUAGES = (*["English"] * 8, "French", "Polish", "Spanish", "Turkish")
CONTACTS = ("Sister", "Husband", "Partner", "Mother", "Friend")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who somebody is and how to reach them, as `register_patient` takes it."""

    code: str
    given_name: str
    family_name: str
    birth_date: date
    sex_at_birth: Sex
    phone: str
    email: str
    language: str
    may_be_texted: bool
    may_be_emailed: bool
    emergency_contact: str


class People:
    """Hands out one invented person after the other; the same ones for the same `rng`."""

    def __init__(self, rng: Random, today: date) -> None:
        self.rng, self.today = rng, today
        self.phones = rng.sample(range(1000), 2 * MOST)
        self.codes: set[str] = set()
        self.women = names(WOMEN, rng)
        self.men = names(MEN, rng)

    def next(self, *, is_man: bool, ages: tuple[int, int]) -> Person:
        """Return somebody new, of an age within `ages`."""
        given, family = (self.men if is_man else self.women).pop()
        years, days = self.rng.randint(*ages), self.rng.randrange(360)
        has_email = self.rng.random() < 0.4
        kin = self.rng.choice(CONTACTS) if self.rng.random() < 0.5 else ""
        return Person(
            code=self._code(),
            given_name=given,
            family_name=family,
            birth_date=years_before(self.today, years) - timedelta(days),
            sex_at_birth=Sex.MALE if is_man else Sex.FEMALE,
            phone=self._phone(),
            email=f"patient{len(self.codes)}@example.org" if has_email else "",
            language=self.rng.choice(LANGUAGES),
            may_be_texted=self.rng.random() < 0.7,
            may_be_emailed=has_email and self.rng.random() < 0.5,
            emergency_contact=f"{kin}, {self._phone()}" if kin else "",
        )

    def _phone(self) -> str:
        return PHONE.format(self.phones.pop())

    def _code(self) -> str:
        while True:
            code = "P-" + "".join(self.rng.choices(CODE_LETTERS, k=5))
            if code not in self.codes:
                self.codes.add(code)
                return code


def names(pairs: Sequence[str], rng: Random) -> list[Name]:
    """Return the names in a random order, the last one first to go, behind names mixed of them."""
    whole: list[Name] = [tuple(pair.split(" / ")) for pair in rng.sample(pairs, len(pairs))]
    mixed = [
        (given, whole[(place + shift) % len(whole)][1])
        for shift in range(1, len(whole))
        for place, (given, _) in enumerate(whole)
    ]
    return [*reversed(mixed[:MOST]), *whole]


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; 29 February becomes the 28th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if is_leap_day else day.day)
