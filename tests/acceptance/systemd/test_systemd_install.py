"""Installing, by the documentation's commands and otherwise, and taking it away again."""

import json
import stat
from typing import Any

import pytest

pytestmark = pytest.mark.slow

UNITS = ("jobwatchd.service", "jobwatchd@.service")
STAGE, PREFIX = "/planted-destdir", "/usr/lib/jobwatchd"


async def test_the_readmes_commands_start_it(
    service: Any, apis: Any, run_hook: Any, settings: Any, *, until: Any, readme_script: Any
) -> None:
    """A password in a file, the commands as they stand there, and the service runs, now and after a boot."""
    config = settings(apis, await run_hook())
    password = config["sources"]["graph"].pop("password")
    del config["sources"]["media"]
    service.configure(config)
    service.machine.write("/src/jobwatchd/explorer-password", password)
    service.machine.script(readme_script("systemd-start"))
    assert (service.state, service.is_ready()) == ("active", True)
    assert service.systemctl("is-enabled") == "enabled"
    await until("it has logged in", lambda: service.lines("daemon.ready"))
    secret = service.machine.path("/etc/jobwatchd/secrets/explorer-password").stat()
    assert stat.S_IMODE(secret.st_mode) == 0o600
    service.systemctl("disable")


def test_the_installed_program_is_whole(machine: Any) -> None:
    """It belongs to root, nobody else can write it, its byte code is there, and its commands run."""
    strangers = machine.run(
        "find", "/opt/jobwatchd", "(", "!", "-user", "root", "-o", "-perm", "/022", ")", "!", "-type", "l"
    )
    assert strangers == ""
    assert machine.run("/opt/jobwatchd/bin/jobwatchd", "--version").startswith("jobwatchd ")
    compiled = "import jobwatchd.wiring as m, pathlib; print(pathlib.Path(m.__cached__).exists())"
    assert machine.run("/opt/jobwatchd/bin/python", "-Ic", compiled) == "True"
    assert machine.path("/opt/jobwatchd/share/jobwatchd/jobwatchd.example.yaml").is_file()
    schema = json.loads(machine.path("/opt/jobwatchd/share/jobwatchd/jobwatchd.schema.json").read_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert machine.path("/usr/local/share/man/man1/jobwatchd.1").read_text().startswith(".TH JOBWATCHD 1 ")


def test_the_first_configuration_lacks_only_the_secret(machine: Any) -> None:
    """What is installed as a start is right but for the password, which is asked for by name."""
    shipped = "/src/jobwatchd/systemd/jobwatchd.yaml"
    checked = machine.try_("/opt/jobwatchd/bin/jobwatchd", "check-config", "-c", shipped)
    assert checked.returncode == 2
    [problem] = checked.stderr.splitlines()
    assert "sources.graph.password" in problem
    given = machine.try_(
        "/opt/jobwatchd/bin/jobwatchd", "check-config", "-c", shipped, JOBWATCHD_SOURCES__GRAPH__PASSWORD="planted"
    )
    assert given.returncode == 0, given.stderr


def test_a_package_can_be_made_of_it(machine: Any) -> None:
    """Installed under DESTDIR with another PREFIX, moved to its place, it runs, and its units name that place."""
    machine.run("make", "-C", "/src/jobwatchd", "install-systemd", f"DESTDIR={STAGE}", f"PREFIX={PREFIX}")
    assert machine.run("grep", "-rlF", STAGE, STAGE, check=False) == ""
    for unit in UNITS:
        text = machine.path(f"{STAGE}/etc/systemd/system/{unit}").read_text()
        assert f"ExecStart={PREFIX}/bin/jobwatchd run" in text
        assert "/opt/jobwatchd" not in text
    machine.run("cp", "-a", f"{STAGE}{PREFIX}", PREFIX)
    machine.run("rm", "-rf", STAGE)
    assert machine.run(f"{PREFIX}/bin/jobwatchd", "--version").startswith("jobwatchd ")
    machine.run("rm", "-rf", PREFIX)


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        (["PREFIX=/root/jobwatchd"], "cannot see"),
        (["PREFIX=/home/me/jobwatchd"], "cannot see"),
        (["PREFIX=here"], "expected an absolute path"),
        (["PREFIX=/opt/a b"], "plain characters"),
        (["DESTDIR=stage"], "expected an absolute path"),
        (["PYTHON=/bin/false"], "Python 3.11"),
    ],
)
def test_what_could_not_work_is_refused(machine: Any, variables: list[str], why: str) -> None:
    """A place that the service cannot see, or that is none, is refused before anything is done."""
    done = machine.try_("make", "-C", "/src/jobwatchd", "install-systemd", *variables)
    assert done.returncode != 0
    assert why in done.stderr
