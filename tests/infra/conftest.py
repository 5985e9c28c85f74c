"""pulumi_aws warns of its own deprecated types when a module is first used: use it once, without the warning."""

import warnings

import pulumi_aws

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    _ = pulumi_aws.ec2.Vpc
