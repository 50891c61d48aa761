"""Institutions, departments, people who work there and their posts, 机构与人员.

Start at `rules.py` (kinds, levels, what each may be), then `services.py`.
"""
