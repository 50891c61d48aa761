"""The continuous health record, 健康档案: FHIR resources, their versions, advice.

Start at `models.py` (the tables and why they are so), then `services.put` and
`queries`. Rule packs live in `advice`.
"""
