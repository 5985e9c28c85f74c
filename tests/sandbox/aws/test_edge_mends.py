"""What moto 5.2.5 leaves undone around names, keys and logs: each is mended, for any client of the account."""

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import Account

HOST = "workflow.example.com"


def make_zone(account: Account, name: str = "example.com", *, private: bool = False) -> str:
    created = account.client("route53").create_hosted_zone(
        Name=name, CallerReference=name, HostedZoneConfig={"PrivateZone": private, "Comment": ""}
    )
    return str(created["HostedZone"]["Id"])


def put_record(account: Account, zone: str, record: dict[str, object], action: str = "CREATE") -> None:
    wanted = {
        "TTL": 60,
        "Name": record["Name"],
        "Type": record["Type"],
        "ResourceRecords": [{"Value": record["Value"]}],
    }
    changes = [{"Action": action, "ResourceRecordSet": wanted}]
    account.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def request_certificate(account: Account, *names: str) -> str:
    acm = account.client("acm")
    return str(acm.request_certificate(DomainName=names[0], SubjectAlternativeNames=names)["CertificateArn"])


def proofs(account: Account, arn: str) -> list[dict[str, object]]:
    certificate = account.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    return [option["ResourceRecord"] for option in certificate["DomainValidationOptions"]]


def status(account: Account, arn: str) -> str:
    return str(account.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]["Status"])


def test_certificate_is_issued_by_its_record(account: Account) -> None:
    zone, arn = make_zone(account), request_certificate(account, HOST)
    assert status(account, arn) == "PENDING_VALIDATION"
    [proof] = proofs(account, arn)
    put_record(account, zone, {**proof, "Value": "_of.another.certificate."})
    assert status(account, arn) == "PENDING_VALIDATION"
    put_record(account, zone, proof, "UPSERT")
    assert status(account, arn) == "ISSUED"


def test_certificate_needs_a_record_for_each_name(account: Account) -> None:
    zone, arn = make_zone(account), request_certificate(account, HOST, "other.example.com")
    first, second = proofs(account, arn)
    assert first != second
    put_record(account, zone, first)
    assert status(account, arn) == "PENDING_VALIDATION"
    put_record(account, zone, second)
    assert status(account, arn) == "ISSUED"


def test_record_in_a_private_zone_proves_nothing(account: Account) -> None:
    zone, arn = make_zone(account, private=True), request_certificate(account, HOST)
    put_record(account, zone, proofs(account, arn)[0])
    assert status(account, arn) == "PENDING_VALIDATION"


def test_certificate_that_waits_has_no_times(account: Account) -> None:
    arn = request_certificate(account, HOST)
    certificate = account.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    assert {"IssuedAt", "NotAfter", "NotBefore"} & certificate.keys() == set()


def test_record_is_not_created_over_another(account: Account) -> None:
    zone = make_zone(account)
    record: dict[str, object] = {"Name": HOST, "Type": "CNAME", "Value": "a.example.com"}
    put_record(account, zone, record)
    with pytest.raises(ClientError, match="but it already exists"):
        put_record(account, zone, {**record, "Value": "b.example.com"})
    put_record(account, zone, {**record, "Value": "b.example.com"}, "UPSERT")
    put_record(account, zone, {**record, "Name": f"other.{HOST}"})


def test_key_of_one_region(account: Account) -> None:
    kms = account.client("kms")
    key = kms.create_key(Description="data")["KeyMetadata"]
    assert key["MultiRegion"] is False
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["MultiRegion"] is False


def test_period_of_rotation(account: Account) -> None:
    kms = account.client("kms")
    key = kms.create_key(Description="data")["KeyMetadata"]["KeyId"]
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 90


def test_key_of_a_log_group(account: Account) -> None:
    logs = account.client("logs")
    logs.create_log_group(logGroupName="app")
    logs.associate_kms_key(logGroupName="app", kmsKeyId="arn:aws:kms:us-east-1:123456789012:key/a")
    assert logs.describe_log_groups()["logGroups"][0]["kmsKeyId"].endswith(":key/a")
    logs.disassociate_kms_key(logGroupName="app")
    assert "kmsKeyId" not in logs.describe_log_groups()["logGroups"][0]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.associate_kms_key(logGroupName="none", kmsKeyId="arn:aws:kms:us-east-1:123456789012:key/a")


@pytest.mark.parametrize(("group", "delivered"), [("flow", "SUCCESS"), ("none", "FAILED")])
def test_flow_log_to_a_log_group_by_its_arn(account: Account, group: str, delivered: str) -> None:
    account.client("logs").create_log_group(logGroupName="flow")
    ec2 = account.client("ec2")
    ec2.create_flow_logs(
        ResourceIds=[ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestination=f"arn:aws:logs:us-east-1:123456789012:log-group:{group}",
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow",
    )
    [log] = ec2.describe_flow_logs()["FlowLogs"]
    assert (log["LogGroupName"], log["DeliverLogsStatus"]) == (group, delivered)


def test_a_version_that_becomes_the_current_one_is_what_one_gets(account: Account) -> None:
    client = account.client("secretsmanager")
    arn = client.create_secret(Name="app", SecretString="first")["ARN"]
    first = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    coming = client.put_secret_value(SecretId=arn, SecretString="second", VersionStages=["AWSPENDING"])["VersionId"]
    assert client.get_secret_value(SecretId=arn)["SecretString"] == "first"
    client.update_secret_version_stage(
        SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=coming, RemoveFromVersionId=next(iter(first))
    )
    assert client.get_secret_value(SecretId=arn)["SecretString"] == "second"
    client.put_secret_value(SecretId=arn, SecretString="third")
    assert client.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")["SecretString"] == "second"
