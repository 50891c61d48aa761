"""Fragments of code systems."""

from django.urls import path

from yilian.foundation.terminology import views

app_name = "terminology"
urlpatterns = [path("icd10", views.icd10, name="icd10")]
