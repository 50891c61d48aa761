from django.apps import AppConfig


class InsurerConfig(AppConfig):
    name = "yilian.insurance.insurer"
    label = "insurer"
