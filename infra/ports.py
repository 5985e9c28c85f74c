"""The ports that are the same everywhere; those of the engine are configured."""

HTTP_PORT = 80
HTTPS_PORT = 443
POSTGRESQL_PORT = 5432
REDIS_PORT = 6379
KAFKA_IAM_PORT = 9098
"""Where MSK asks clients who they are by IAM, inside the VPC."""
