"""The patient: who somebody is and how to reach them. Nothing clinical."""

from __future__ import annotations

import secrets
from datetime import date
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from clinic.roles import Can
from patients.rules.search import normalise, read_query
from patients.terms import Sex

if TYPE_CHECKING:
    from clinic.models import User

# Without 0 and O, 1 and I, so that a code read out over the telephone is not misheard.
CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_code() -> str:
    """Return a random public code, never derived from the row's key."""
    return "P-" + "".join(secrets.choice(CODE_LETTERS) for _ in range(5))


class PatientQuerySet(models.QuerySet["Patient"]):
    """Patients, by what people look for."""

    def visible_to(self, user: User) -> Self:
        return self if user.can(Can.SEE_PATIENTS) else self.none()

    def current(self) -> Self:
        return self.filter(archived_at=None)

    def matching(self, text: str) -> Self:
        """Patients whose name, code or phone holds every word, born on the date if one is given."""
        query = read_query(text.replace("\x00", ""))
        if not query.words and query.born is None:
            return self.none()
        found = self if query.born is None else self.filter(birth_date=query.born)
        for word in query.words:
            found = found.filter(search_key__contains=word)
        return found

    def maybe_same(self, *, name: str, birth_date: date, phone: str) -> Self:
        """Patients who share the name and birth date, or the telephone number."""
        same_person = Q(birth_date=birth_date, search_key__startswith=normalise(name) + " ")
        return self.filter(same_person | Q(phone=phone) if phone else same_person)


class Patient(models.Model):
    """One person who comes, or came, for treatment."""

    code = models.CharField(_("code"), max_length=8, unique=True, default=new_code, editable=False)
    given_name = models.CharField(_("given name"), max_length=80)
    family_name = models.CharField(_("family name"), max_length=80)
    birth_date = models.DateField(_("birth date"))
    sex_at_birth = models.CharField(
        _("sex at birth"),
        max_length=1,
        choices=Sex,
        help_text=_("Decides whether pregnancy is asked about."),
    )
    phone = PhoneNumberField(_("phone"))
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(
        _("preferred language"),
        max_length=35,
        default="English",
        help_text=_("For letters and calls."),
    )
    may_be_texted = models.BooleanField(_("may be reminded by text message"), default=False)
    may_be_emailed = models.BooleanField(_("may be reminded by e-mail"), default=False)
    emergency_contact = models.CharField(_("emergency contact"), max_length=120, blank=True)
    search_key = models.TextField(editable=False)  # normalising may lengthen a name
    version = models.PositiveIntegerField(default=1, editable=False)
    registered_at = models.DateTimeField(default=timezone.now, editable=False)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = PatientQuerySet.as_manager()

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        indexes = [
            models.Index(fields=["family_name", "given_name"]),
            models.Index(fields=["birth_date"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(sex_at_birth__in=Sex.values), name="patient_sex_known"
            ),
            models.CheckConstraint(
                condition=Q(archived_at=None, archived_by=None)
                | Q(archived_at__isnull=False, archived_by__isnull=False),
                name="patient_archived_at_and_by",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}"

    def get_absolute_url(self) -> str:
        return reverse("desk:chart", args=[self.code])

    @property
    def patient_code(self) -> str:
        return self.code

    @property
    def short_name(self) -> str:
        """The name as shared screens show it: given name and initial."""
        initial = next((letter for letter in self.family_name if letter.isupper()), "")
        return f"{self.given_name} {initial or self.family_name[:1]}."

    @property
    def age(self) -> int:
        return self.age_on(timezone.localdate())

    def age_on(self, day: date) -> int:
        """Full years on `day`; somebody born on 29 February turns older on 1 March."""
        before_birthday = (day.month, day.day) < (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - before_birthday

    @property
    def phone_tail(self) -> str:
        """The last four digits, as shared screens show them."""
        digits = str(self.phone)[-4:]
        return f"{digits[:2]} {digits[2:]}"

    def key_for_search(self) -> str:
        """The normalised name, the code and the digits of the phone, for `matching`."""
        digits, code = str(self.phone).lstrip("+"), self.code.casefold()
        return f"{normalise(f'{self.given_name} {self.family_name}')} {code} {code.replace('-', '')} {digits}"
