"""Two-way referral, 双向转诊: a patient up to a hospital, back down, or across.

Start reading at `rules/states.py` (one table of states and steps), then
`services` (one function per thing a user can do).
"""
