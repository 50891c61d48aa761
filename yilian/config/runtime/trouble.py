"""Why Yilian cannot start, said in two languages, because none is chosen yet."""


class CannotStart(Exception):
    """What is wrong and what to do; never an address with a password in it."""

    def __init__(self, chinese: str, english: str) -> None:
        self.chinese, self.english = chinese, english
        super().__init__(f"{chinese}\n{english}")
