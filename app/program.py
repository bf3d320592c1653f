"""Name, version and folders of the program."""

from pathlib import Path
from typing import Final

from planning.model.stamp import PROGRAM as PROGRAM  # noqa: PLC0414 -- one version, told here too
from planning.texts import mark

NAME: Final = "EnBloc"
NOT_A_DEVICE: Final = mark("Research use. Not a medical device.")
ROOT: Final = Path(__file__).resolve().parents[1]
RESOURCES: Final = ROOT / "resources"
DEMO_CASE: Final = RESOURCES / "demo" / "demo.enbloc"
