"""Secrets in files that are replaced while a source is in use."""

from pathlib import Path
from typing import Any

import pytest

from conformance.sources.little_server import Rig
from conformance.sources.rigs import HttpJsonRig, TelestreamRig
from jobwatchd.errors import SourceUnauthorized
from jobwatchd.http.client import HttpClientKind
from jobwatchd.kinds.clients import Clients
from jobwatchd.rotation import Rotation
from jobwatchd.sources.http_json.section import HttpJsonSettings
from jobwatchd.sources.nebula_explorer.section import NebulaExplorerSettings
from jobwatchd.sources.telestream_up.section import TelestreamUpSettings
from jobwatchd.testing import FakeClock
from jobwatchd.wiring import build_source

OLD, NEW = "old-s3cret", "new-s3cret"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the file of a secret."""
    path = tmp_path / "secret"
    path.write_text(f"{OLD}\n")
    return path


@pytest.fixture
def rotation() -> Rotation:
    """Return what follows the file, whenever a test or a refusal tells it to look."""
    return Rotation(FakeClock())


@pytest.fixture
async def filed(rig: Rig, http_kind: HttpClientKind, file: Path, rotation: Rotation) -> Rig:
    """Return a rig whose source is built as `wiring` does it, with its secret in a file."""
    common: dict[str, Any] = {"base_url": rig.server.url, "http_client": http_kind}
    match rig:
        case TelestreamRig():
            section: Any = TelestreamUpSettings(kind="telestream-up", api_key=OLD, api_key_file=file, **common)
        case HttpJsonRig():
            section = HttpJsonSettings(
                kind="http-json", username="root", password=OLD, password_file=file, **common, **rig.api
            )
        case _:
            graphd: Any = {"address": "10.0.0.5"}
            section = NebulaExplorerSettings(
                kind="nebula-explorer", account="root", password=OLD, password_file=file, graphd=graphd, **common
            )
    await rig.source.close()
    rig.source = build_source("api", section, FakeClock(), clients=Clients(rotation))
    rig.take(OLD)
    return rig


def write(file: Path, content: bytes) -> None:
    """Write over the file."""
    file.write_bytes(content)


def replace(rig: Rig, file: Path, content: bytes = NEW.encode()) -> None:
    """Write this into the file, and have the API take the new secret."""
    write(file, content)
    rig.take(NEW)


async def test_a_secret_is_read_again_when_it_is_refused(filed: Rig, file: Path) -> None:
    """No poll fails, whoever was told first of the new one."""
    await filed.source.observe(filed.ref(), 0)
    replace(filed, file)
    assert (await filed.source.observe(filed.ref(), 0)).observation is not None


async def test_a_list_reads_it_again_too(filed: Rig, file: Path) -> None:
    """As a single poll does."""
    await filed.source.observe(filed.ref(), 0)
    filed.jobs = lambda _: filed.nothing_listed()
    replace(filed, file)
    await filed.source.observe_many("s/w", [filed.ref()])


async def test_a_secret_that_has_not_changed_is_refused(filed: Rig) -> None:
    """After one request more at most, and a login where there is one."""
    await filed.source.observe(filed.ref(), 0)
    filed.take(NEW)
    before = len(filed.server.calls)
    with pytest.raises(SourceUnauthorized) as caught:
        await filed.source.observe(filed.ref(), 0)
    assert "s3cret" not in str(caught.value)
    assert len(filed.server.calls) - before <= 2


async def test_a_secret_that_has_changed_is_refused_once(filed: Rig, file: Path) -> None:
    """Where the new one is wrong too, that is told; it is not tried for ever."""
    await filed.source.observe(filed.ref(), 0)
    replace(filed, file, b"wrong-s3cret")
    before = len(filed.server.calls)
    with pytest.raises(SourceUnauthorized):
        await filed.source.observe(filed.ref(), 0)
    assert len(filed.server.calls) - before == 2


@pytest.mark.parametrize("spoilt", [b"", b"\n", b"two\nlines", b"\xff"])
async def test_a_file_of_no_use_leaves_the_old_secret(
    filed: Rig, file: Path, rotation: Rotation, spoilt: bytes
) -> None:
    """Until what it is to be has been written."""
    write(file, spoilt)
    await rotation.refresh()
    await filed.source.observe(filed.ref(), 0)
    replace(filed, file)
    await filed.source.observe(filed.ref(), 0)
