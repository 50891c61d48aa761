"""The diagnoses that the stories and histories speak of."""

from yilian.demo.world.build import Region
from yilian.foundation.access.actor import Actor
from yilian.foundation.terminology.models import Concept
from yilian.kernel.names import pinyin_of


def load_terms(actor: Actor, region: Region) -> None:
    named = {plan.diagnosis_code: plan.diagnosis_name for plan in region.referrals}
    Concept.objects.bulk_create(
        Concept(
            system="icd10",
            edition="demo",
            code=code,
            name=name,
            initials=pinyin_of(name).initials,
            bigrams=sorted({name[at : at + 2] for at in range(len(name) - 1)}),
        )
        for code, name in named.items()
    )
