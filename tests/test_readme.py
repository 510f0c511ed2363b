"""What the README says is so."""

import re
from pathlib import Path

from domain.money import USD_PER_UNIT
from tests.support.settings_table import settings_table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_shows_every_setting_as_it_is() -> None:
    assert settings_table().strip() in README


def test_its_links_lead_somewhere() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_the_rates_that_pay_is_compared_with_are_documented() -> None:
    documents = " ".join((ROOT / "docs" / "documents.md").read_text(encoding="utf-8").split())
    written = {code: f"{rate:f}".rstrip("0").rstrip(".") for code, rate in USD_PER_UNIT.items()}
    assert [c for c, rate in written.items() if f"{c} {rate}" not in documents] == []


def test_its_two_commands_are_targets_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
