"""Feeds registered, changed and ended; what their codes mean."""

import secrets
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.idempotency.services import once
from yilian.foundation.identity.rules import AccountKind
from yilian.foundation.identity.services import open_account
from yilian.foundation.terminology.queries import icd10_name
from yilian.foundation.vault.services import keyed_index
from yilian.interfaces.exchange.intake import policies
from yilian.interfaces.exchange.intake.models import CodeMeaning, Feed
from yilian.interfaces.exchange.intake.rules import (
    Meaning,
    addresses_problem,
    why_open,
)
from yilian.kernel.errors import Conflict, Invalid
from yilian.kernel.text import _
from yilian.registry.directory.models import Department, Institution, PractitionerRole
from yilian.registry.directory.queries import today

ONLY_ADMINISTRATORS: Final = _("只有该机构或其主管部门的系统管理员可以管理接口。")
ONLY_KEEPERS: Final = _("只有该机构的转诊办公室或系统管理员可以维护对照。")
PURPOSE: Final = "exchange-secret"
_SECRET_BYTES: Final = 18


@transaction.atomic
def open_feed(
    actor: Actor,
    *,
    key: UUID,
    name: str,
    institution_id: UUID,
    application: str,
    facility: str,
    kinds: list[str],
    charset: str,
    addresses: list[str],
    with_secret: bool,
    consent_evidence: str,
    starts_on: date,
    ends_on: date | None = None,
) -> tuple[Feed, str]:
    """The feed, and its secret in plain (once, here, and never again)."""
    house = find(Institution.objects.all(), institution_id)
    require(policies.can_keep_feed_of(actor, house), ONLY_ADMINISTRATORS)
    secret = secrets.token_urlsafe(_SECRET_BYTES) if with_secret else ""
    _check(house, addresses, secret, starts_on, ends_on)

    def make() -> UUID:
        account = open_account(
            actor, username=f"feed-{name}".lower()[:64], kind=AccountKind.STAFF
        )
        feed = Feed(
            name=name,
            institution=house,
            account=account,
            application=application,
            facility=facility,
            kinds=kinds,
            charset=charset,
            addresses=addresses,
            secret_index=keyed_index(PURPOSE, secret) if secret else "",
            consent_evidence=consent_evidence,
            period=DateRange(starts_on, ends_on),
            created_by_id=actor.account_id,
        )
        _save(feed, is_new=True)
        _note(actor, "open_feed", feed)
        return feed.id

    feed = Feed.objects.get(pk=once(actor, key, "exchange.feed", make))
    is_ours = secret and feed.secret_index == keyed_index(PURPOSE, secret)
    return feed, secret if is_ours else ""


@transaction.atomic
def change_feed(
    actor: Actor,
    feed_id: UUID,
    *,
    kinds: list[str],
    charset: str,
    addresses: list[str],
    consent_evidence: str,
    ends_on: date | None,
) -> Feed:
    """Who it is, and whose, stays: that would be another feed."""
    feed = _locked(actor, feed_id)
    _check(feed.institution, addresses, feed.secret_index, feed.period.lower, ends_on)
    feed.kinds, feed.charset, feed.addresses = kinds, charset, addresses
    feed.consent_evidence = consent_evidence
    feed.period = DateRange(feed.period.lower, ends_on)
    _save(feed)
    _note(actor, "change_feed", feed)
    return feed


@transaction.atomic
def new_secret(actor: Actor, feed_id: UUID) -> tuple[Feed, str]:
    """The old one is good no more from now on."""
    feed = _locked(actor, feed_id)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    feed.secret_index = keyed_index(PURPOSE, secret)
    _save(feed)
    _note(actor, "renew_secret", feed)
    return feed, secret


@transaction.atomic
def close_feed(actor: Actor, feed_id: UUID) -> Feed:
    """From this moment on nothing of it is taken."""
    feed = _locked(actor, feed_id)
    day = today()
    if feed.period.upper is not None and feed.period.upper <= day:
        raise Conflict(_("这个接口已经停用。"))
    feed.period = DateRange(min(feed.period.lower, day), day)
    _save(feed)
    _note(actor, "close_feed", feed)
    return feed


@transaction.atomic
def note_meaning(
    actor: Actor, feed_id: UUID, *, meaning: Meaning, code: str, target: str | UUID
) -> CodeMeaning:
    """`target`: the id of what it stands for; of a diagnosis its ICD-10 code."""
    feed = find(Feed.objects.select_related("institution"), feed_id)
    require(policies.can_map(actor, feed), ONLY_KEEPERS)
    if not code.strip():
        raise Invalid(fields={"code": _("请填写对方系统的代码。")})
    row, _is_new = CodeMeaning.objects.update_or_create(
        feed=feed,
        meaning=meaning.value,
        code=" ".join(code.split())[:120],
        defaults={**_stands_for(feed, meaning, target), "made_by_id": actor.account_id},
    )
    record(
        actor,
        "exchange.map",
        object_kind="feed",
        object_id=feed.id,
        detail={"meaning": meaning.value},
    )
    return row


@transaction.atomic
def forget_meaning(actor: Actor, meaning_id: UUID) -> Feed:
    rows = CodeMeaning.objects.select_related("feed__institution")
    row = find(rows, meaning_id)
    require(policies.can_map(actor, row.feed), ONLY_KEEPERS)
    feed = row.feed
    row.delete()
    _note(actor, "unmap", feed)
    return feed


def _stands_for(feed: Feed, meaning: Meaning, target: str | UUID) -> dict[str, Any]:
    blank: dict[str, Any] = {
        "institution_id": None,
        "department_id": None,
        "post_id": None,
        "diagnosis_code": "",
    }
    if meaning is Meaning.DIAGNOSIS:
        if icd10_name(str(target)) is None:
            wrong = _("没有这个诊断编码，请从列表中选择。")
            raise Invalid(fields={"target": wrong})
        return blank | {"diagnosis_code": str(target)}
    rows = {
        Meaning.INSTITUTION: Institution.objects.filter(tier__isnull=False),
        Meaning.DEPARTMENT: Department.objects.filter(closed_on=None),
        Meaning.DOCTOR: PractitionerRole.objects.filter(
            institution=feed.institution, left_at=None
        ),
    }[meaning]
    found = find(rows, target)
    column = {Meaning.DOCTOR: "post_id"}.get(meaning, f"{meaning.value}_id")
    return blank | {column: found.pk}


def _check(
    house: Institution,
    addresses: list[str],
    secret: str,
    starts_on: date,
    ends_on: date | None,
) -> None:
    wrong: dict[str, str] = {}
    if house.tier is None:
        wrong["institution_id"] = _("请选择能收治患者的医疗机构。")
    problem = addresses_problem(addresses) or why_open(bool(secret), addresses)
    if problem:
        wrong["addresses"] = problem
    if ends_on is not None and ends_on <= starts_on:
        wrong["ends_on"] = _("停用日期须在启用日期之后。")
    if wrong:
        raise Invalid(fields=dict(wrong))


def _locked(actor: Actor, feed_id: UUID) -> Feed:
    rows = Feed.objects.visible_to(actor).select_for_update(of=("self",))
    feed = find(rows.select_related("institution"), feed_id)
    require(policies.can_keep_feed_of(actor, feed.institution), ONLY_ADMINISTRATORS)
    return feed


def _save(feed: Feed, *, is_new: bool = False) -> None:
    try:
        with transaction.atomic():
            feed.save(force_insert=is_new)
    except IntegrityError as error:
        if "feed_one_sender_at_a_time" in str(error):
            wrong = _("这一对 MSH-3、MSH-4 在此期间已登记给另一个接口。")
            raise Invalid(fields={"application": wrong}) from None
        if "name" in str(error):
            raise Invalid(fields={"name": _("这个名称已经使用。")}) from None
        raise


def _note(actor: Actor, verb: str, feed: Feed) -> None:
    record(actor, f"exchange.{verb}", object_kind="feed", object_id=feed.id)
