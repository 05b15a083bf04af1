"""The Compose file: what it refers to is there, and its configuration is one that the daemon takes."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from jobwatchd.settings import load_settings

FOLDER = Path(__file__).parents[3] / "deploy/compose"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = ("jobwatchd", "simulator")


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_mounts_is_there(name: str) -> None:
    """A file beside the Compose file, or a volume that it declares."""
    for mount in SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        assert (FOLDER / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_reachable_from_other_machines(name: str) -> None:
    """The tokens in the repository are public."""
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", OWN)
def test_our_image_runs_with_nothing_that_it_does_not_need(name: str) -> None:
    """No writable root, no capabilities."""
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_daemon_takes_its_configuration(tmp_path: Path) -> None:
    """With the secrets under the names that Compose mounts them by."""
    for name in SERVICES["jobwatchd"]["secrets"]:
        secret = COMPOSE["secrets"][name]["file"]
        (tmp_path / name).write_bytes((FOLDER / secret).read_bytes())
    settings = load_settings(FOLDER / "jobwatchd.yaml", {}, secrets_folder=tmp_path)
    assert settings.server.address == ("", 25629)
    assert settings.store.url == "sqlite:////var/lib/jobwatchd/jobwatchd.db"
    assert len(settings.watches) == 40


def test_the_daemon_asks_where_the_simulator_answers() -> None:
    """They share a loopback, and agree on a port."""
    simulator = SERVICES["simulator"]
    port = simulator["command"][simulator["command"].index("--nebula-port") + 1]
    settings = yaml.safe_load((FOLDER / "jobwatchd.yaml").read_text())
    assert simulator["network_mode"] == "service:jobwatchd"
    assert settings["sources"]["graph"]["base_url"] == f"http://127.0.0.1:{port}"


def test_prometheus_differs_from_the_one_without_compose_only_in_names() -> None:
    """One file of rules, one name of the job."""
    plain, here = (
        yaml.safe_load(file.read_text())
        for file in (FOLDER.parent / "prometheus/prometheus.yml", FOLDER / "prometheus.yml")
    )
    plain["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = ["alertmanager:9093"]
    plain["scrape_configs"][0]["static_configs"][0]["targets"] = ["jobwatchd:25629"]
    assert here == plain


def test_grafana_is_given_the_dashboard_and_where_to_find_prometheus() -> None:
    """What its provisioning files speak of is what is mounted and set."""
    provisioning = FOLDER.parent / "grafana/provisioning"
    dashboards = yaml.safe_load((provisioning / "dashboards/jobwatchd.yml").read_text())
    datasources = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())
    grafana = SERVICES["grafana"]
    targets = [mount.split(":")[1] for mount in grafana["volumes"]]
    assert f"{dashboards['providers'][0]['options']['path']}/dashboard.json" in targets
    assert datasources["datasources"][0]["url"] == "${PROMETHEUS_URL}"
    assert grafana["environment"]["PROMETHEUS_URL"] == "http://prometheus:9090"
