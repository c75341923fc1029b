"""People who work here, what they did, and which submits were already answered."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
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
