"""What a wheel brings along."""

from pathlib import Path
from zipfile import ZipFile

from hatchling.builders.wheel import WheelBuilder

from jobwatchd.settings.registry import preset_files

ROOT = Path(__file__).parents[2]


def test_presets_are_in_the_wheel(tmp_path: Path) -> None:
    """Where an installed jobwatchd looks for them."""
    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    inside = {Path(name) for name in ZipFile(wheel).namelist()}
    assert {Path("jobwatchd/presets") / f"{name}.yaml" for name in preset_files()} <= inside
