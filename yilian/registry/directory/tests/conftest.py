import pytest

from yilian.registry.directory.tests.sink import SINK, ListSink


@pytest.fixture
def sink(settings) -> ListSink:
    settings.YILIAN_RECORD_SINK = "yilian.registry.directory.tests.sink.SINK"
    SINK.resources.clear()
    return SINK
