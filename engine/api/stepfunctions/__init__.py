"""The AWS Step Functions protocol: AWS JSON 1.0 at `POST /`."""
