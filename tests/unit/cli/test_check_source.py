"""`jobwatchd check-source` and `presets`, without a network."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jobwatchd.cli import cli
from jobwatchd.settings.registry import preset_files

MINE = 'parameters: [id]\nrequest: {path: "/{id}"}\nread: {state: status, id: id}\nstates: {DONE: succeeded}\n'


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments])


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Return a description of one's own."""
    (tmp_path / "mine.yaml").write_text(MINE)
    return tmp_path / "mine.yaml"


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        ('{"id": 7, "status": "DONE"}', 0, "succeeded"),
        ('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"id": 7, "status": "DONE"}', 0, "succeeded"),
        ('HTTP/2 404 \r\nserver: x\r\n\r\n{"message": "gone"}', 0, "not_found"),
        ("HTTP/1.1 503\n\n", 1, "unavailable"),
        ("HTTP/1.1 401\n\n{}", 1, "unauthorized"),
        ('{"id": 7, "status": "PONDERING"}', 1, "unmapped"),
        ('{"id": 7, "status": ["DONE"]}', 1, "yields a list"),
        ('{"status": "DONE"}', 1, "read.id"),
        ("<html>", 1, "not JSON"),
        ("", 1, "bad_payload"),
    ],
)
def test_an_answer_is_read_or_the_reason_told(mine: Path, answer: str, status: int, says: str) -> None:
    """Bare bodies, and those with the head that `curl -i` writes; anything but a job or its absence ends with 1."""
    recorded = mine.with_name("answer.json")
    recorded.write_text(answer, newline="")
    done = _run("check-source", mine, "--against", recorded)
    assert (done.exit_code, says in done.output) == (status, True), done.output


def test_one_bad_answer_of_several_is_enough(mine: Path) -> None:
    """All are shown."""
    good, bad = mine.with_name("good.json"), mine.with_name("bad.json")
    good.write_text('{"id": 7, "status": "DONE"}')
    bad.write_text("{}")
    done = _run("check-source", mine, "--against", bad, good)
    assert (done.exit_code, done.output.count(".json")) == (1, 2)


def test_mistakes_name_file_line_and_key(mine: Path) -> None:
    """As in a configuration."""
    mine.write_text(MINE.replace("succeeded", "finished"))
    done = _run("check-source", mine, "--against", mine)
    assert (done.exit_code, f"{mine}:4" in done.output, "fi…" in done.output) == (2, True, True)


def test_mistakes_in_a_configuration_are_named_by_its_own_keys(mine: Path) -> None:
    """The path begins at the top of the file."""
    text = "".join(f"    {line}\n" for line in MINE.replace("path", "pfad").splitlines())
    mine.write_text(f"sources:\n  farm:\n    kind: http-json\n    base_url: http://farm\n{text}")
    done = _run("check-source", mine, "--against", mine)
    assert (done.exit_code, "sources.farm.request.pfad" in done.output) == (2, True)


def test_a_configuration_with_several_sources_wants_one_named(mine: Path) -> None:
    """Sources without a description do not count, and secrets need not be there."""
    text = "".join(f"    {line}\n" for line in MINE.splitlines())
    other = "  runs: {kind: airflow, base_url: http://airflow}\n"
    vendor = "  up: {kind: telestream-up, base_url: http://up}\n"
    mine.write_text(f"sources:\n{vendor}{other}  farm:\n    kind: http-json\n    base_url: http://farm\n{text}")
    recorded = mine.with_name("answer.json")
    recorded.write_text('{"id": 7, "status": "DONE"}')
    unnamed = _run("check-source", mine, "--against", recorded)
    named = _run("check-source", mine, "--source", "farm", "--against", recorded)
    assert (unnamed.exit_code, "farm, runs" in unnamed.output, named.exit_code) == (2, True, 0)


def test_presets_are_listed_with_what_they_want() -> None:
    """A line each: name, system, version, parameters, credentials."""
    lines = _run("presets").output.splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(preset_files())
    [airflow] = [line for line in lines if line.startswith("airflow ")]
    assert "dag_id/dag_run_id" in airflow
    assert airflow.endswith("token")


def test_a_preset_is_printed_as_it_is_and_works_as_a_file_of_ones_own(tmp_path: Path) -> None:
    """Its comments too, which say what it rests on."""
    shown = _run("presets", "show", "prefect").output
    assert shown == preset_files()["prefect"].read_text()
    (tmp_path / "mine.yaml").write_text(shown)
    (tmp_path / "run.json").write_text('{"id": "7", "state_type": "RUNNING", "state_name": "Running"}')
    assert _run("check-source", tmp_path / "mine.yaml", "--against", tmp_path / "run.json").exit_code == 0


def test_an_unknown_preset_is_a_usage_error() -> None:
    """The known ones are named."""
    done = _run("presets", "show", "nope")
    assert (done.exit_code, "airflow2" in done.output) == (2, True)
