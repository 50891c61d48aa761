"""One process of the crew by itself, for a machine where systemd is the supervisor.

It takes this process's place, so that systemd watches the server and not a parent.
"""

import os

from yilian.config.runtime import supervisor
from yilian.config.runtime.environment import Place
from yilian.config.runtime.supervisor import Address
from yilian.config.runtime.trouble import CannotStart


def serve(place: Place, name: str, address: Address) -> None:
    """Never returns. Our own database needs `yilian up`, which looks after it."""
    if place.embedded:
        raise CannotStart(
            "单独启动页面需要自己的数据库（DATABASE_URL）；内置数据库请用 yilian up。",
            "Pages by themselves need a database of yours (DATABASE_URL); with our own "
            "one run yilian up.",
        )
    os.environ.setdefault("YILIAN_DEMO", "0")
    os.environ["PORT"] = str(address.port)
    command = supervisor.servers(address)[name]
    os.execv(command[0], command)  # noqa: S606 a command of ours
