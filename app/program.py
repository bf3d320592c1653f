"""Name, version and folders of the program."""

from pathlib import Path
from typing import Final

NAME: Final = "EnBloc"
VERSION: Final = "0.1.0"
PROGRAM: Final = f"enbloc {VERSION}"
NOT_A_DEVICE: Final = "Research use. Not a medical device."
ROOT: Final = Path(__file__).resolve().parents[1]
RESOURCES: Final = ROOT / "resources"
DEMO_CASE: Final = RESOURCES / "demo" / "demo.enbloc"
