"""AWS clients of a stack's account: of the profile, the region and the endpoints that its configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from operations.errors import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling.client import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_ecr.client import ECRClient
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_elasticache.client import ElastiCacheClient
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_kms.client import KMSClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_rds.client import RDSClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_ssm.client import SSMClient
    from mypy_boto3_sts.client import STSClient

PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 8})
"""Eight attempts with growing waits between them (AWS SDKs and Tools Reference Guide, "Retry behavior")."""

PLUGIN_NAMES: Mapping[str, tuple[str, ...]] = {
    "application-autoscaling": ("appautoscaling", "applicationautoscaling"),
    "logs": ("cloudwatchlogs", "cloudwatchlog"),
}
"""What the endpoints of services are called in `aws:endpoints` where AWS's plugin has other names for them."""


@dataclass(frozen=True)
class Clients:
    """Clients of one region of an account.

    Attributes:
        region: None is the one of the environment or the profile.
        endpoint_url: where every service is, the sandbox for instance; None is AWS itself, or AWS_ENDPOINT_URL.
        profile: a profile of the AWS configuration; None is AWS_PROFILE, or the default one.
        endpoints: URLs of single services (the stack's `aws:endpoints`), by boto3's names or those of AWS's own plugin.
        accounts: the accounts that these may be clients of (the stack's `aws:allowedAccountIds`); none are all.
        sandboxed: whether credentials are made up, as the sandbox checks none.
    """

    region: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    endpoints: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()
    sandboxed: bool = False

    @property
    def autoscaling(self) -> ApplicationAutoScalingClient:
        """Application Auto Scaling."""
        service = "application-autoscaling"
        return self.session.client("application-autoscaling", endpoint_url=self._url(service), config=PATIENT)

    @property
    def cloudwatch(self) -> CloudWatchClient:
        """Amazon CloudWatch."""
        return self.session.client("cloudwatch", endpoint_url=self._url("cloudwatch"), config=PATIENT)

    @property
    def ecs(self) -> ECSClient:
        """Amazon ECS."""
        return self.session.client("ecs", endpoint_url=self._url("ecs"), config=PATIENT)

    @property
    def ecr(self) -> ECRClient:
        """Amazon ECR."""
        return self.session.client("ecr", endpoint_url=self._url("ecr"), config=PATIENT)

    @property
    def elasticache(self) -> ElastiCacheClient:
        """Amazon ElastiCache."""
        return self.session.client("elasticache", endpoint_url=self._url("elasticache"), config=PATIENT)

    @property
    def iam(self) -> IAMClient:
        """AWS IAM."""
        return self.session.client("iam", endpoint_url=self._url("iam"), config=PATIENT)

    @property
    def kms(self) -> KMSClient:
        """AWS KMS."""
        return self.session.client("kms", endpoint_url=self._url("kms"), config=PATIENT)

    @property
    def logs(self) -> CloudWatchLogsClient:
        """Amazon CloudWatch Logs."""
        return self.session.client("logs", endpoint_url=self._url("logs"), config=PATIENT)

    @property
    def rds(self) -> RDSClient:
        """Amazon RDS."""
        return self.session.client("rds", endpoint_url=self._url("rds"), config=PATIENT)

    @property
    def s3(self) -> S3Client:
        """Amazon S3."""
        return self.session.client("s3", endpoint_url=self._url("s3"), config=PATIENT)

    @property
    def secrets(self) -> SecretsManagerClient:
        """AWS Secrets Manager."""
        return self.session.client("secretsmanager", endpoint_url=self._url("secretsmanager"), config=PATIENT)

    @property
    def ssm(self) -> SSMClient:
        """AWS Systems Manager."""
        return self.session.client("ssm", endpoint_url=self._url("ssm"), config=PATIENT)

    @property
    def sts(self) -> STSClient:
        """AWS STS."""
        return self.session.client("sts", endpoint_url=self._url("sts"), config=PATIENT)

    @cached_property
    def session(self) -> boto3.Session:
        """The session that all of them share; raises RefusedError where it is of an account that isn't allowed."""
        if self.sandboxed:
            return boto3.Session("sandbox", "sandbox", region_name=self.region)
        made = boto3.Session(region_name=self.region, profile_name=self.profile)
        if self.accounts:
            sts = made.client("sts", endpoint_url=self._url("sts"), config=PATIENT)
            found = sts.get_caller_identity()["Account"]
            if found not in self.accounts:
                allowed = ", ".join(self.accounts)
                raise RefusedError(
                    f"The AWS credentials are of account {found}; aws:allowedAccountIds allows {allowed}."
                )
        return made

    def _url(self, service: str) -> str | None:
        names = (service, *PLUGIN_NAMES.get(service, ()))
        return next((self.endpoints[name] for name in names if name in self.endpoints), self.endpoint_url)
