"""The boto3 side of a deployment: commands that run before, around and after `pulumi up`."""
