"""Who may read `/metrics`, by the settings."""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from yilian.foundation.telemetry import rules


def may_read(address: str, header_names: Iterable[str], authorization: str) -> bool:
    return rules.may_read_measures(
        address=address,
        header_names=header_names,
        authorization=authorization,
        networks=settings.YILIAN_METRICS_FROM,
        token=_token(),
    )


def _token() -> str:
    """Read anew each time, so that it can be changed without a restart."""
    named = settings.YILIAN_METRICS_TOKEN_FILE
    if not named:
        return ""
    try:
        return Path(named).read_text(encoding="utf-8").strip()
    except OSError:
        return ""
