"""The illnesses of the stories: `up.py`, `down.py`, and the form in `model.py`."""
