import pytest
from pytest_django import Settings

from yilian.registry.directory.tests.sink import SINK, ListSink


@pytest.fixture
def sink(settings: Settings) -> ListSink:
    settings.YILIAN_RECORD_SINK = "yilian.registry.directory.tests.sink.SINK"
    SINK.resources.clear()
    return SINK
