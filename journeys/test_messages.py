"""Foreign systems send while the listener dies under them."""

from bench.faults import messages
from journeys.conftest import Region
from journeys.faulty import Scene


def test_whenever_the_listener_dies_what_it_acknowledged_is_there_once(
    scene: Scene, region: Region
) -> None:
    messages.drill(scene.backstage, region.run, deaths=3, pause=lambda: 0.6)
