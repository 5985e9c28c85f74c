from sandbox.data import binaries
from sandbox.data.postgres_settings import from_parameter_group


def test_known_parameters_pass_and_others_are_named_with_a_reason() -> None:
    settings, ignored = from_parameter_group(
        binaries.postgres().path,
        {
            "max_connections": "50",
            "rds.logical_replication": "1",
            "no_such_setting": "1",
            "effective_cache_size": "{DBInstanceClassMemory/16384}",
            "shared_preload_libraries": "no_such_library",
            "pg_stat_statements.track": "ALL",
        },
    )
    assert settings == {"max_connections": "50"}
    assert "RDS" in ignored["rds.logical_replication"]
    assert "unknown" in ignored["no_such_setting"]
    assert "instance class" in ignored["effective_cache_size"]
    assert "no_such_library" in ignored["shared_preload_libraries"]
    assert "isn't loaded" in ignored["pg_stat_statements.track"]
