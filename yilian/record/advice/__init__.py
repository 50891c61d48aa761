"""Clinical advice, 分级诊疗决策支持: what the rules say about one person's record.

Advice proposes and never decides. Start reading at `packs/*.toml` (the rules as
data), then `rules.py` (what a rule is made of), `fhir.py` (resources → facts),
`evaluate.py` (facts + rules → advice). No Django and no database in here.
"""
