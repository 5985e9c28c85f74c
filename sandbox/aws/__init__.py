"""The sandbox's AWS account: moto behind the AWS API, and the Pulumi provider `aws` over it."""

from sandbox.aws.account import Account
from sandbox.aws.provider import Provider

__all__ = ["Account", "Provider"]
