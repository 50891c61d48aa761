"""Rows are sealed once a minute."""

from yilian.foundation.jobs.rules import every

every(1, "yilian.foundation.audit.services.seal")
