"""Two years of illness and care of every resident, told as visits, 诊疗史.

Start reading at `model.py`; `chronic.py`, `minor.py` and `stays.py` tell what
happened, `build.py` gathers it for a person, `fhir.py` writes it as R4 resources.
"""
