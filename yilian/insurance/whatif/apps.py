from django.apps import AppConfig


class WhatifConfig(AppConfig):
    name = "yilian.insurance.whatif"
    label = "whatif"
