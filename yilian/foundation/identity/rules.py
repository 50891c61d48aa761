"""Kinds of account and what a one-time code is for."""

from enum import StrEnum


class AccountKind(StrEnum):
    STAFF = "staff"
    RESIDENT = "resident"


class CodePurpose(StrEnum):
    SIGN_IN = "sign_in"
    PRESENCE = "presence"  # the person at the desk opens their record
