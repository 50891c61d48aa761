import pytest
from pytest_django.fixtures import SettingsWrapper

from yilian.registry.directory.tests.sink import SINK, ListSink


@pytest.fixture
def sink(settings: SettingsWrapper) -> ListSink:
    settings.YILIAN_RECORD_SINK = "yilian.registry.directory.tests.sink.SINK"
    SINK.resources.clear()
    return SINK
