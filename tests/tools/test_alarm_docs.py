"""The page of alarms says what the tables and Pulumi.yaml say."""

import yaml

from infra.alarm_settings import AlarmSettings
from infra.aws.alarms import NO_HEALTHY_HOSTS
from tools import alarm_docs as docs


def project() -> dict[str, dict[str, dict[str, object]]]:
    content: dict[str, dict[str, dict[str, object]]] = yaml.safe_load((docs.ROOT / "Pulumi.yaml").read_text())
    return content


def test_the_committed_page_is_in_step() -> None:
    assert docs.TARGET.read_text() == docs.render(project()), "run python -m tools.alarm_docs"


def test_thresholds_are_those_declared() -> None:
    changed = project()
    changed["config"]["alarmDatabaseFreeStorage"]["default"] = 7
    page = docs.render(changed)
    [row] = [line for line in page.splitlines() if line.startswith("| database-storage |")]
    assert "| 5 of 60 s | below 7 GiB | missing | `alarmDatabaseFreeStorage` |" in row
    assert isinstance(docs.defaults(changed), AlarmSettings)


def test_every_row_says_what_to_do() -> None:
    rows = [line.strip("| ").split(" | ") for line in docs.render(project()).splitlines() if line.startswith("| ")]
    alarms = [row for row in rows if row[0] not in ("Alarm", "---")]
    assert {len(row) for row in alarms} == {9}
    backups = ["backup-failed", "backup-expired", "backup-none", "backup-copy-failed"]
    kafka = ["kafka-controller", "kafka-offline-partitions", "kafka-under-replicated"]
    assert [row[0] for row in alarms if not row[7].strip("` ")] == [NO_HEALTHY_HOSTS, *backups, *kafka]
    assert [row[0] for row in alarms if not row[8].endswith((".", "?"))] == []
    assert [row[0] for row in alarms if row[0].endswith("↩")] == ["engine-5xx ↩", "load-balancer-5xx ↩"]
