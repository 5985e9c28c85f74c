"""The alarms of AWS Backup ("AWS Backup metrics with Amazon CloudWatch"), by the name of a vault."""

from infra.aws.alarms.alarm import Alarm, Metric

_NAMESPACE = "AWS/Backup"
_VAULT = ("BackupVaultName",)
_DATABASE = ("DBInstanceIdentifier",)
_HOUR, _DAY = 3600, 86400


def backup_alarms() -> list[Alarm]:
    """Backups that failed, weren't begun in time, or haven't been for two days, whatever the reason.

    CloudWatch doesn't know how old an alarm is, and a vault without a backup has no metric. So for the last of these a
    day counts only where the database was measured on it: a new one has until its second day, and one that is stopped
    needs no backup. Should there be no figure all the same, that breaks the threshold.
    """
    return [
        Alarm(
            name="backup-failed",
            means="A backup of the database failed",
            remedy="The job in AWS Backup says why: rights of its role, the key, or RDS at its own backup just then.",
            setting="",
            threshold=0,
            metrics=(Metric(_NAMESPACE, "NumberOfBackupJobsFailed", _VAULT, "Sum"),),
            period=_HOUR,
            periods=1,
            missing_data="notBreaching",
        ),
        Alarm(
            name="backup-expired",
            means="A backup of the database could not begin in the eight hours that it has",
            remedy="RDS was at its own backup, maintenance or a change of the instance: start one by hand afterwards.",
            setting="",
            threshold=0,
            metrics=(Metric(_NAMESPACE, "NumberOfBackupJobsExpired", _VAULT, "Sum"),),
            period=_HOUR,
            periods=1,
            missing_data="notBreaching",
        ),
        Alarm(
            name="backup-none",
            means="No backup of the database was completed in two days, or in the first one",
            remedy="Look for the database's tag, the plan's schedule and the plan's last jobs in AWS Backup.",
            setting="",
            threshold=1,
            metrics=(
                Metric("AWS/RDS", "CPUUtilization", _DATABASE, "Sum", id="alive"),
                Metric(_NAMESPACE, "NumberOfBackupJobsCompleted", _VAULT, "Sum", id="completed"),
            ),
            expression="IF(FILL(alive, 0) > 0, FILL(completed, 0), 1)",
            comparison="LessThanThreshold",
            period=_DAY,
            periods=2,
            missing_data="breaching",
        ),
    ]


def backup_copy_alarms() -> list[Alarm]:
    """Copies to the second region that failed. The guide doesn't say which vault's they are: both are watched."""
    return [
        Alarm(
            name="backup-copy-failed",
            means="A backup could not be copied to the second region",
            remedy="The copy job in AWS Backup says why: most often the key of that region, or its vault's policy.",
            setting="",
            threshold=0,
            metrics=(Metric(_NAMESPACE, "NumberOfCopyJobsFailed", _VAULT, "Sum"),),
            period=_HOUR,
            periods=1,
            missing_data="notBreaching",
        ),
    ]
