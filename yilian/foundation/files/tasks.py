"""Once an hour: files that no row points at."""

from yilian.foundation.jobs.rules import every

every(60, "yilian.foundation.files.services.sweep")
