"""People who work here, what they did, and which submits were already answered."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from clinic.roles import Can, Role, grants_of


class UserQuerySet(models.QuerySet["User"]):
    """People, by what they do here."""

    def active(self) -> UserQuerySet:
        return self.filter(is_active=True)

    def practitioners(self) -> UserQuerySet:
        """People who treat and can be booked."""
        return self.active().filter(role_grants__role=Role.PRACTITIONER).order_by("name")


class UserManager(BaseUserManager["User"]):
    """Makes people with their roles."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def practitioners(self) -> UserQuerySet:
        return self.get_queryset().practitioners()

    def create_user(
        self, email: str, password: str | None = None, *, name: str, roles: tuple[Role, ...] = ()
    ) -> User:
        """Create a person who signs in with `email` and holds `roles`."""
        user = self.model(email=self.normalize_email(email).lower(), name=name)
        user.set_password(password)
        user.save(using=self._db)
        RoleGrant.objects.bulk_create(RoleGrant(user=user, role=role) for role in roles)
        return user


class User(AbstractBaseUser):
    """One person who signs in."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=80)
    is_active = models.BooleanField(_("may sign in"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_any_case",
                violation_error_message=_("Somebody already signs in with this e-mail."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    @cached_property
    def roles(self) -> frozenset[Role]:
        return frozenset(Role(grant.role) for grant in self.role_grants.all())

    @cached_property
    def grants(self) -> frozenset[Can]:
        return grants_of(self.roles)

    @property
    def roles_text(self) -> str:
        """The roles in words, in the order of the table of roles."""
        return ", ".join(str(role.label) for role in Role if role in self.roles)

    def can(self, can: Can) -> bool:
        return self.is_active and can in self.grants


class RoleGrant(models.Model):
    """One role that one person holds."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(_("role"), max_length=20, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="role_once_per_user"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class AuditEvent(models.Model):
    """One thing that somebody did or looked at. Append-only."""

    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    action = models.CharField(max_length=60)
    patient = models.CharField(_("patient code"), max_length=12, blank=True)
    target = models.CharField(max_length=80, blank=True)
    request_id = models.CharField(max_length=32, blank=True)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-at"]),
            models.Index(fields=["by", "-at"]),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.by}: {self.action} {self.patient} {self.target}"


class Submission(models.Model):
    """One submit that was carried out, so that its repetition gets the same answer."""

    key = models.UUIDField(primary_key=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, blank=True)  # SHA-256 of what was sent
    location = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.key)


class Draft(models.Model):
    """What one person typed into one form and has not saved yet, as the browser sent it."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    form = models.CharField(max_length=60)
    data = models.TextField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["by", "form"], name="draft_once_per_person_and_form")
        ]

    def __str__(self) -> str:
        return f"{self.form}, {self.by}"


class ApprovedVersion(models.Model):
    """One numbered version of what the medical lead approves: a draft until then, final after."""

    number = models.PositiveIntegerField(_("version"))
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    drafted_at = models.DateTimeField(default=timezone.now, editable=False)
    what_changed = models.CharField(_("what changed"), max_length=400, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    # SHA-256 of what was approved.
    digest = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        abstract = True

    @staticmethod
    def approval(name: str) -> models.CheckConstraint:
        """Return the constraint that an approval has its time, its person and what changed."""
        return models.CheckConstraint(
            condition=Q(approved_at=None, approved_by=None, digest="")
            | (
                Q(approved_at__isnull=False, approved_by__isnull=False)
                & ~Q(digest="")
                & ~Q(what_changed="")
            ),
            name=name,
        )

    @property
    def is_approved(self) -> bool:
        return self.approved_at is not None


class NoteKind(models.TextChoices):
    """What somebody signed: a note, something added to it, or that it was an error."""

    SIGNED = "signed", _("Signed")
    ADDENDUM = "addendum", _("Added later")
    IN_ERROR = "in_error", _("Entered in error")


class SignedNote(models.Model):
    """One link of the chain of everything that was signed. Append-only, written by
    `clinic.signing.append`; what `sha256`, `previous` and `mac` are is said there."""

    place = models.PositiveIntegerField(unique=True)  # 1, 2, 3 and no gap
    kind = models.CharField(max_length=10, choices=NoteKind)
    subject = models.CharField(max_length=80, db_index=True)  # the row that was signed: "visit 57"
    content = models.TextField()  # canonical JSON
    sha256 = models.CharField(max_length=64)
    signer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signer_name = models.CharField(max_length=80)  # as it was printed then
    signed_at = models.DateTimeField()
    utc_offset = models.CharField(max_length=6)  # the clinic's at that moment: "+01:00"
    meaning = models.CharField(max_length=200)
    previous = models.CharField(max_length=64, blank=True)  # the mac one place before
    mac = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("signed note")
        verbose_name_plural = _("signed notes")
        ordering = ["place"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=NoteKind.values), name="note_kind_known"),
            models.CheckConstraint(
                condition=Q(place=1, previous="") | (Q(place__gt=1) & ~Q(previous="")),
                name="note_hangs_on_the_one_before",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place}: {self.subject} {self.kind}"

    @property
    def signed_here(self) -> datetime:
        """When it was signed, as the clinic's clock showed it then."""
        return self.signed_at.astimezone(datetime.strptime(self.utc_offset, "%z").tzinfo)

    @property
    def signed_on(self) -> str:
        """The same in words, with the offset: "1 Jul 2026, 10:30:00 (UTC+01:00)"."""
        return f"{date_format(self.signed_here, 'j M Y, H:i:s')} (UTC{self.utc_offset})"

    @property
    def fingerprint(self) -> str:
        """The beginning of the SHA-256 of the content, in groups that can be read aloud."""
        # For people who compare a print with a screen; no code compares it.
        return " ".join(self.sha256[start : start + 4] for start in range(0, 16, 4))


class ChainHead(models.Model):
    """Where the chain of signed notes ends; whoever appends holds the lock of this one row."""

    places = models.PositiveIntegerField(default=0)
    mac = models.CharField(max_length=64, blank=True)  # of the last note
    seal = models.CharField(max_length=64)  # over both, by the same key

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_chain_one_head")]

    def __str__(self) -> str:
        return f"{self.places}:{self.mac}"
