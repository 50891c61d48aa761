"""Addresses of settlement, below /insurance/."""

from django.urls import path

from yilian.insurance.settlement.views import (
    anomalies,
    bills,
    detail,
    estimates,
    filings,
    mine,
    posting,
    search,
    work,
)

app_name = "settlement"
urlpatterns = [
    path("work", work.work, name="work"),
    path("work/count", work.count, name="count"),
    path("sums", work.sums, name="sums"),
    path("sums/export", work.sums_export, name="sums_export"),
    path("mine", mine.mine, name="mine"),
    path("settlements", search.settlements, name="list"),
    path("settlements/export", search.export, name="export"),
    path("settlements/waiting", search.waiting, name="waiting"),
    path("settlements/waiting/settle", search.settle_chosen, name="settle_chosen"),
    path("settlements/<uuid:settlement_id>", detail.detail, name="detail"),
    path("settlements/<uuid:settlement_id>/print", bills.paper, name="print"),
    path("settlements/<uuid:settlement_id>/export", bills.export, name="export_one"),
    path("bills", posting.bills, name="post_bill"),
    path("bills/<uuid:bill_id>", bills.bill, name="bill"),
    path("bills/<uuid:bill_id>/settle", posting.settle_bill, name="settle"),
    path("bills/<uuid:bill_id>/void", bills.void_live, name="void"),
    path("bills/<uuid:bill_id>/take-back", bills.withdraw, name="take_back"),
    path("bills/<uuid:bill_id>/file/<str:name>", filings.new, name="file"),
    path("bills/<uuid:bill_id>/file/<str:name>/send", filings.file, name="file_now"),
    path("filings", filings.work_list, name="filings"),
    path("filings/<uuid:filing_id>", filings.filing, name="filing"),
    path("filings/<uuid:filing_id>/decide", filings.take_decision, name="decide"),
    path("filings/<uuid:filing_id>/confirm", filings.confirm, name="confirm"),
    path("filings/<uuid:filing_id>/papers/<uuid:file_id>", filings.paper, name="paper"),
    path("anomalies", anomalies.listing, name="anomalies"),
    path("anomalies/<uuid:anomaly_id>", anomalies.take, name="judge"),
    path("estimate/<uuid:referral_id>", estimates.of_referral, name="estimate"),
    path("estimate/person/<uuid:person_id>", estimates.of_person, name="estimate_for"),
    path(
        "estimate/person/<uuid:person_id>/plan", estimates.of_plan, name="estimate_plan"
    ),
]
