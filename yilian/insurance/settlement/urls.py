"""Addresses of settlement, below /insurance/."""

from django.urls import path

from yilian.insurance.settlement.views import detail, lists, posting

app_name = "settlement"
urlpatterns = [
    path("settlements", lists.settlements, name="list"),
    path("settlements/waiting", lists.waiting, name="waiting"),
    path("settlements/<uuid:settlement_id>", detail.detail, name="detail"),
    path("bills", posting.bills, name="post_bill"),
    path("bills/<uuid:bill_id>/settle", posting.settle_bill, name="settle"),
]
