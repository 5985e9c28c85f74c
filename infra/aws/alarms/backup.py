"""The alarms of AWS Backup ("AWS Backup metrics with Amazon CloudWatch"), by the name of a vault."""

from infra.aws.alarms.alarm import Alarm, Metric

_NAMESPACE = "AWS/Backup"
_VAULT = ("BackupVaultName",)
_HOUR, _DAY = 3600, 86400


def backup_alarms() -> list[Alarm]:
    """Backups that failed, weren't begun in time, or haven't been for two days, whatever the reason."""
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
            means="No backup of the database was completed in two days, or there is none yet",
            remedy="In a new stack wait for the first night. Else look for the database's tag and the plan's schedule.",
            setting="",
            threshold=1,
            metrics=(Metric(_NAMESPACE, "NumberOfBackupJobsCompleted", _VAULT, "Sum"),),
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
