"""Addresses below /insurance/transactions."""

from django.urls import path

from yilian.insurance.insurer.views import days, transactions

app_name = "insurer"
urlpatterns = [
    path("", transactions.listing, name="list"),
    path("count", transactions.count, name="count"),
    path("days", days.listing, name="days"),
    path("days/ask", days.ask, name="ask_day"),
    path("days/<uuid:reconciliation_id>", days.day, name="day"),
    path("differences/<uuid:difference_id>/close", days.close, name="close"),
    path("<uuid:transaction_id>", transactions.detail, name="detail"),
    path("<uuid:transaction_id>/resend", transactions.resend, name="resend"),
    path("<uuid:transaction_id>/ask", transactions.ask, name="ask"),
]
