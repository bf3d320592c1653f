import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_test_the_hazard_table_names_exists():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "hazards.md").read_text(encoding="utf-8")))
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(named) > 30
    assert named - written == set()


def test_every_picture_the_readme_shows_is_there():
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown
    for name in shown:
        assert (ROOT / name).is_file(), name
