"""Addresses of the pages that write, print, follow up and report."""

from typing import Final

from django.urls import URLPattern, path

from yilian.care.referral.views import (
    attachments,
    counting,
    duties,
    insurer,
    papers,
    residents,
    writing,
)

ROUTES: Final[list[URLPattern]] = [
    path("new/<uuid:person_id>", writing.new, name="new"),
    path("new/<uuid:person_id>/write", writing.write, name="write"),
    path(
        "new/<uuid:person_id>/destinations", writing.destinations, name="destinations"
    ),
    path(
        "new/<uuid:person_id>/institutions",
        writing.other_institutions,
        name="other_institutions",
    ),
    path("new/<uuid:person_id>/handover", writing.handover, name="handover"),
    path("find", papers.find_by_number, name="find"),
    path("mine", residents.mine, name="mine"),
    path("mine/<uuid:referral_id>", residents.my_letter, name="mine_detail"),
    path("compliance", insurer.listing, name="compliance"),
    path("compliance/export", insurer.export, name="compliance_export"),
    path("compliance/<uuid:referral_id>", insurer.steps, name="compliance_steps"),
    path("counts", counting.page, name="counts"),
    path("counts/export", counting.export, name="counts_export"),
    path("candidates", duties.candidates, name="candidates"),
    path("candidates/count", duties.candidates_count, name="candidates_count"),
    path("follow-ups", duties.follow_ups, name="follow_ups"),
    path("follow-ups/<uuid:follow_up_id>", duties.do_follow_up, name="do_follow_up"),
    path("breaches", duties.breaches, name="breaches"),
    path("breaches/<uuid:breach_id>", duties.explain_breach, name="explain_breach"),
    path("attachments/<uuid:attachment_id>", attachments.show, name="attachment"),
    path(
        "attachments/<uuid:attachment_id>/back",
        attachments.take_back,
        name="take_back_attachment",
    ),
    path("<uuid:referral_id>/attachments", attachments.card, name="attachments"),
    path("<uuid:referral_id>/attachments/<str:name>", attachments.add, name="attach"),
    path("<uuid:referral_id>/edit", writing.edit, name="edit"),
    path("<uuid:referral_id>/rewrite", writing.rewrite, name="rewrite"),
    path("<uuid:referral_id>/print", papers.letter, name="print"),
    path("<uuid:referral_id>/print/feedback", papers.feedback, name="print_feedback"),
    path("<uuid:referral_id>/print/<str:name>", papers.other, name="paper"),
    path("lists/<str:side>/print", papers.work_list, name="print_list"),
    path(
        "follow-ups/<uuid:follow_up_id>/print", papers.follow_up, name="print_follow_up"
    ),
]
