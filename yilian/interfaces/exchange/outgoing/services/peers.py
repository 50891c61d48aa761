"""Peers registered, changed and ended."""

from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from yilian.foundation.access.actor import Actor
from yilian.foundation.access.scope import find, require
from yilian.foundation.audit.services import record
from yilian.foundation.idempotency.services import once
from yilian.foundation.vault.services import encrypt
from yilian.interfaces.exchange.outgoing import policies
from yilian.interfaces.exchange.outgoing.models import Peer
from yilian.interfaces.exchange.outgoing.rules import Protocol
from yilian.kernel.errors import Invalid
from yilian.kernel.text import _
from yilian.registry.directory.models import Institution

ONLY_ADMINISTRATORS: Final = _("只有该机构或其主管部门的系统管理员可以管理对外发送。")
_MOST_PORT: Final = 65535


@transaction.atomic
def open_peer(
    actor: Actor,
    *,
    key: UUID,
    name: str,
    institution_id: UUID,
    protocol: Protocol,
    address: str,
    is_secured: bool,
    secret: str,
    application: str,
    facility: str,
    takes_referrals: bool,
    takes_answers: bool,
) -> Peer:
    house = find(Institution.objects.all(), institution_id)
    require(policies.can_keep_peer_of(actor, house), ONLY_ADMINISTRATORS)
    _check(protocol, address, is_secured)

    def make() -> UUID:
        peer = Peer(
            name=name,
            institution=house,
            protocol=protocol.value,
            address=address,
            is_secured=is_secured,
            secret_cipher=encrypt(secret) if secret else None,
            application=application,
            facility=facility,
            takes_referrals=takes_referrals,
            takes_answers=takes_answers,
            created_by_id=actor.account_id,
        )
        try:
            with transaction.atomic():
                peer.save(force_insert=True)
        except IntegrityError:
            raise Invalid(fields={"name": _("这个名称已经使用。")}) from None
        _note(actor, "open_peer", peer)
        return peer.id

    return Peer.objects.get(pk=once(actor, key, "exchange.peer", make))


@transaction.atomic
def change_peer(
    actor: Actor,
    peer_id: UUID,
    *,
    address: str,
    is_secured: bool,
    secret: str,
    application: str,
    facility: str,
    takes_referrals: bool,
    takes_answers: bool,
    is_active: bool,
) -> Peer:
    """A blank secret leaves the one there is."""
    peer = _locked(actor, peer_id)
    _check(Protocol(peer.protocol), address, is_secured)
    if secret:
        peer.secret_cipher = encrypt(secret)
    peer.address, peer.is_secured = address, is_secured
    peer.application, peer.facility = application, facility
    peer.takes_referrals, peer.takes_answers = takes_referrals, takes_answers
    peer.is_active, peer.not_before = is_active, None
    peer.save()
    _note(actor, "change_peer", peer)
    return peer


def host_of(address: str) -> tuple[str, int]:
    """Of `host:port`; raises ValueError."""
    host, _colon, port = address.rpartition(":")
    if not host or not 0 < int(port) <= _MOST_PORT:
        raise ValueError(address)
    return host.strip("[]"), int(port)


def _check(protocol: Protocol, address: str, is_secured: bool) -> None:
    if protocol is Protocol.HL7V2:
        try:
            host_of(address)
        except ValueError:
            wrong = _("地址写成 主机:端口，如 10.1.2.3:2575。")
            raise Invalid(fields={"address": wrong}) from None
        return
    url = urlsplit(address)
    allowed = {"https", "http"} if settings.YILIAN_DEMO else {"https"}
    is_plain = url.scheme == "http" and not is_secured
    is_right = url.scheme == "https" or is_plain
    if url.scheme not in allowed or not url.hostname or url.username or not is_right:
        wrong = _("FHIR 地址以 https:// 开头，不能带用户名。")
        raise Invalid(fields={"address": wrong})


def _locked(actor: Actor, peer_id: UUID) -> Peer:
    rows = Peer.objects.visible_to(actor).select_for_update(of=("self",))
    peer = find(rows.select_related("institution"), peer_id)
    require(policies.can_keep_peer_of(actor, peer.institution), ONLY_ADMINISTRATORS)
    return peer


def _note(actor: Actor, verb: str, peer: Peer) -> None:
    record(actor, f"exchange.{verb}", object_kind="peer", object_id=peer.id)
