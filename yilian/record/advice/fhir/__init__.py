"""FHIR R4 resources → `PatientFacts`. Pure reading; start at `read.py`.

A value counts unless it is entered in error or cancelled: a preliminary reading
of 200 mmHg must not wait for a signature. Whatever cannot be read with certainty
(a unit, a day, a person) becomes a `Problem` and is not used.
"""
