from django.apps import AppConfig


class BudgetConfig(AppConfig):
    name = "yilian.insurance.budget"
    label = "budget"
