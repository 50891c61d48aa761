"""The record's cast, and pages as they are asked for by somebody."""

from yilian.record.tests.conftest import county, doctor, resident, stranger, township

__all__ = ["county", "doctor", "resident", "stranger", "township"]
