"""Django's `migrate` in a process of its own, in a third of its time.

Django keeps classes of all models while it migrates, and makes half of them anew for
each constraint and each altered field. Here the package with the most such steps goes
first, while there are few models; and a class is kept when it is given a constraint or
an index, which change nothing else of it. What is run in the database is the same.
"""

import gc
from typing import Any, Final

import django
from django.apps import apps
from django.core.management import call_command
from django.db.migrations.state import ProjectState

FIRST: Final = ("oauth2_provider",)


def migrate() -> None:
    gc.disable()  # a process of few seconds
    django.setup()
    ProjectState._append_option = _append_option  # type: ignore[attr-defined]
    for label in FIRST:
        if apps.is_installed(label):
            call_command("migrate", label, verbosity=0)
    call_command("migrate", verbosity=0)


def _append_option(
    state: Any, app_label: str, model_name: str, option: str, new: object
) -> None:
    options = state.models[app_label, model_name].options
    options[option] = [*options[option], new]
    if "apps" in vars(state):  # the classes exist already
        kept = state.apps.get_model(app_label, model_name)._meta
        setattr(kept, option, [*getattr(kept, option), new])


if __name__ == "__main__":
    migrate()
