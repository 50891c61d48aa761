"""`yilian load prices FILE`."""

from datetime import date
from pathlib import Path

import pytest

from yilian.insurance.policy.command import load_price_file
from yilian.insurance.policy.queries import price_of
from yilian.insurance.policy.tests.test_prices import HEAD
from yilian.kernel.errors import Invalid


@pytest.mark.django_db
def test_a_price_list_is_loaded_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    good = "A1,drug,二甲双胍片,0.5g×20片,盒,12.50,A,,2024-01-01,某号\n"
    file.write_text(HEAD + good + "A2,drug,某药,,盒,-1,A,,2024-01-01,某号\n")
    done = load_price_file(file, "6401")
    assert (done.made, len(done.bad)) == (1, 1)
    assert price_of("A1", date(2024, 1, 1)) is None
    assert price_of("A1", date(2024, 1, 1), "640121") is not None
    with pytest.raises(Invalid, match="地区代码"):
        load_price_file(file, "银川")
