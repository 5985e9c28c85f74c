"""The ports that are the same everywhere; those of the engine are configured."""

HTTP_PORT = 80
HTTPS_PORT = 443
POSTGRESQL_PORT = 5432
REDIS_PORT = 6379
