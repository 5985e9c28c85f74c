"""Settings from the environment, a file and the contract's defaults."""

from pathlib import Path

import pytest

from engine.contract import contract
from engine.settings import Address, Settings, SettingsError, load_settings, obsolete_names, warnings

SECRET = "a secret of thirty-two characters"
DEPLOYED = {
    "ENVIRONMENT": "staging",
    "WORKFLOW_DB_HOST": "db.example.com:5433",
    "WORKFLOW_DB_PASSWORD": "pässword",
    "JWT_SECRET": SECRET,
}


def problems_of(environment: dict[str, str], file: Path | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environment, file)
    return [str(problem) for problem in caught.value.problems]


def test_defaults_need_nothing() -> None:
    settings = load_settings({})
    assert settings.api_address == ("0.0.0.0", 8080)
    assert settings.management_port == 8081
    assert settings.database_url == "sqlite:///workflow.db"
    assert settings.redis_url is None
    assert (settings.jwt_expiry, settings.rate_limit_window) == (86400, 900)
    assert settings.rate_limit_max_requests == 0


def test_a_deployment() -> None:
    settings = load_settings(DEPLOYED | {"HOST": "127.77.1.1", "REDIS_URL": "rediss://:hidden@cache:6380/0"})
    assert settings.database_url == "postgresql://workflow@db.example.com:5433/workflow"
    assert settings.workflow_db_password is not None
    assert settings.workflow_db_password.value == "pässword"
    assert settings.api_address == ("127.77.1.1", 8080)
    assert settings.redis_url == "rediss://cache:6380"
    assert settings.redis_password is not None
    assert settings.redis_password.value == "hidden"


@pytest.mark.parametrize(
    ("environment", "field", "value"),
    [
        ({"PORT": "3000"}, "workflow_addr", Address(None, 3000)),
        ({"SERVER_PORT": "3001", "PORT": "3000"}, "workflow_addr", Address(None, 3001)),
        ({"WORKFLOW_ADDR": "[::1]:9"}, "workflow_addr", Address("::1", 9)),
        ({"WEBUI_PORT": "8080"}, "management_port", 8080),
        ({"MAX_WORKFLOW_DURATION_MS": "600000"}, "workflow_timeout_default_seconds", 600),
        ({"WORKFLOW_TIMEOUT_DEFAULT_SECONDS": "600"}, "workflow_timeout_default_seconds", 600),
        ({"MAX_WORKFLOW_DURATION_MS": "10m"}, "workflow_timeout_default_seconds", 600),
        ({"MAX_RETRY_ATTEMPTS": "3"}, "workflow_retry_max_attempts", 3),
        ({"RATE_LIMIT_WINDOW": "15m"}, "rate_limit_window", 900),
        ({"JWT_EXPIRY": "7d"}, "jwt_expiry", 604800),
        ({"LOG_LEVEL": "WARN"}, "log_level", "warning"),
        ({"METRICS_ENABLED": "no"}, "metrics_enabled", False),
        ({"DATABASE_SSL": "true"}, "database_ssl", "require"),
        ({"DB_HOST": "db", "DB_PORT": "6000"}, "workflow_db_host", Address("db", 6000)),
        ({"DATABASE_URL": "postgres://u:p%40ss@db/orders"}, "workflow_db_name", "orders"),
        ({"DATABASE_URL": "sqlite:////var/lib/engine.db"}, "database_url", "sqlite:////var/lib/engine.db"),
        ({"DATABASE_URL": "memory:"}, "database_url", "memory:"),
        (
            {"CORS_ORIGIN": "https://a.example, https://b.example"},
            "cors_origin",
            ("https://a.example", "https://b.example"),
        ),
        ({"JWT_SECRET": ""}, "jwt_secret", None),
        (
            {"TASK_ROLE_ARNS": "arn:aws:iam::123456789012:role/a, arn:aws-cn:iam::123456789012:role/path/b"},
            "task_role_arns",
            ("arn:aws:iam::123456789012:role/a", "arn:aws-cn:iam::123456789012:role/path/b"),
        ),
    ],
)
def test_names_and_forms(environment: dict[str, str], field: str, value: object) -> None:
    assert getattr(load_settings(environment), field) == value


def test_a_jdbc_url_is_taken_apart_and_overridden_by_proper_names() -> None:
    url = "jdbc:postgresql://db:5432/workflows?user=guide&password=hidden&sslmode=require"
    settings = load_settings({"DATABASE_URL": url, "DATABASE_USERNAME": "engine"})
    assert settings.database_url == "postgresql://engine@db:5432/workflows"
    assert settings.database_ssl == "require"
    assert settings.workflow_db_password is not None
    assert settings.workflow_db_password.value == "hidden"


def test_every_problem_is_said_at_once() -> None:
    problems = problems_of(
        {
            "ENVIRONMENT": "production",
            "WORKFLOW_ADDR": "a:b:c",
            "MANAGEMENT_PORT": "70000",
            "RATE_LIMIT_WINDOW": "soon",
            "LOG_LEVEL": "loud",
            "METRICS_ENABLED": "maybe",
        }
    )
    duration = "a number of seconds or one with a unit such as 500ms, 30s, 15m, 24h, at least 1 seconds"
    set_by = "(set by environment variable"
    assert problems == [
        f"WORKFLOW_ADDR is 'a:b:c'; it must be host:port, :port, a host or a port {set_by} WORKFLOW_ADDR)",
        f"MANAGEMENT_PORT is '70000'; it must be a whole number, from 0 to 65535 {set_by} MANAGEMENT_PORT)",
        f"METRICS_ENABLED is 'maybe'; it must be true or false {set_by} METRICS_ENABLED)",
        f"RATE_LIMIT_WINDOW is 'soon'; it must be {duration} {set_by} RATE_LIMIT_WINDOW)",
        f"LOG_LEVEL is 'loud'; it must be one of debug, info, warning, error {set_by} LOG_LEVEL)",
        "WORKFLOW_DB_HOST must be set when ENVIRONMENT is production",
        "WORKFLOW_DB_PASSWORD must be set when ENVIRONMENT is production",
        "JWT_SECRET or API_ACCESS_KEYS must be set when ENVIRONMENT is production",
    ]


WEBHOOK = {
    "EVENTS_PUBLISHER": "webhook",
    "EVENTS_WEBHOOK_URL": "https://a.example/events",
    "EVENTS_WEBHOOK_SECRET": "x" * 24,
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"AUTHENTICATION": "optional"},
            "AUTHENTICATION is 'optional'; it must be required while ENVIRONMENT is staging",
        ),
        ({"HTTP_TASK_ALLOW_LOOPBACK": "true"}, "HTTP_TASK_ALLOW_LOOPBACK is 'true'; it must be false while"),
        ({"JWT_SECRET": "short"}, "JWT_SECRET must be 32 characters or more"),
        ({"API_ACCESS_KEYS": "[{}]"}, "API_ACCESS_KEYS must be a JSON list of {accessKeyId"),
        (
            {"CORS_ORIGIN": "*", "CORS_CREDENTIALS": "true"},
            "CORS_CREDENTIALS is 'true'; it must be false while CORS_ORIGIN",
        ),
        ({"CORS_ORIGIN": "https://a.example/path"}, "CORS_ORIGIN is 'https://a.example/path'; it must be * or origins"),
        ({"METRICS_PORT": "8081"}, "METRICS_PORT is '8081'; it must be a port other than"),
        ({"DATABASE_ADMIN_USER": "root"}, "DATABASE_ADMIN_USER is 'root'; it must be set together with"),
        ({"AWS_ACCOUNT_ID": "12"}, "AWS_ACCOUNT_ID is '12'; it must be 12 digits"),
        ({"DATABASE_READ_REPLICAS": "a,b c"}, "DATABASE_READ_REPLICAS is 'b c'; it must be host:port or a host, separ"),
        ({"DATABASE_READ_REPLICAS": "a:99999"}, "DATABASE_READ_REPLICAS is 'a:99999'; it must be host:port or a host"),
        ({"DATABASE_READ_REPLICAS": "5432"}, "DATABASE_READ_REPLICAS is '5432'; it must be host:port or a host"),
        ({"HISTORY_ARCHIVE": "s3:/bucket"}, "HISTORY_ARCHIVE is 's3:/bucket'; it must be a folder, or s3://BUCKET/PR"),
        ({"TASK_ROLE_ARNS": "orders"}, "TASK_ROLE_ARNS is 'orders'; it must be ARNs of IAM roles such as arn"),
        ({"EVENTS_SOURCE": "aws.states"}, "EVENTS_SOURCE is 'aws.states'; it must be 1 to 256 of the characters A-Z"),
        ({"EVENTS_BUS": "a bus"}, "EVENTS_BUS is 'a bus'; it must be the name or the ARN of an event bus"),
        (
            WEBHOOK | {"EVENTS_WEBHOOK_URL": "http://a.example"},
            "EVENTS_WEBHOOK_URL is 'http://a.example'; it must be a",
        ),
        (
            WEBHOOK | {"EVENTS_WEBHOOK_SECRET": "short"},
            "EVENTS_WEBHOOK_SECRET must be 24 characters or more, or whsec_",
        ),
    ],
)
def test_rules_across_settings(changes: dict[str, str], said: str) -> None:
    (problem,) = problems_of(DEPLOYED | changes)
    assert problem.startswith(said)


def test_no_secret_is_ever_shown() -> None:
    hidden = "hunter2-hunter2"
    keys = f'[{{"accessKeyId": "AK", "secretAccessKey": "{hidden}", "organisation": "x"}}]'
    environment = {
        "ENVIRONMENT": "dev",
        "DATABASE_URL": f"mysql://user:{hidden}@db/x",
        "REDIS_URL": f"redis://:{hidden}@cache:99999999",
        "API_ACCESS_KEYS": keys,
        "JWT_SECRET": hidden,
    }
    assert hidden not in "\n".join(problems_of(environment))
    settings = load_settings({"JWT_SECRET": SECRET, "WORKFLOW_DB_PASSWORD": hidden, "API_ACCESS_KEYS": "[]"})
    assert hidden not in f"{settings!r} {settings}"
    assert SECRET not in repr(settings)


def test_a_name_can_point_to_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "jwt"
    secret.write_text(f"{SECRET}\n")
    settings = load_settings({"JWT_SECRET_FILE": str(secret)})
    assert settings.jwt_secret is not None
    assert settings.jwt_secret.value == SECRET
    (problem,) = problems_of({"JWT_SECRET_FILE": str(tmp_path / "absent")})
    assert problem.startswith(f"JWT_SECRET_FILE is '{tmp_path}/absent'; it must be a file that can be read")


def test_a_file_comes_after_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "engine.yaml"
    file.write_text(
        "WORKFLOW_ADDR: ':9000'\nLOG_LEVEL: debug\nWORKFLOW_COMPONENTS: [a, b]\n"
        "database:\n  url: jdbc:postgresql://db:5432/wf\n  poolSize: 5\n  password: ${SECRET_OF_MINE}\n"
    )
    settings = load_settings({"LOG_LEVEL": "error", "SECRET_OF_MINE": "mine"}, file)
    assert settings.log_level == "error"
    assert settings.workflow_addr == Address(None, 9000)
    assert settings.workflow_components == ("a", "b")
    assert settings.database_pool_size == 5
    assert settings.database_url == "postgresql://workflow@db:5432/wf"
    assert settings.workflow_db_password is not None
    assert settings.workflow_db_password.value == "mine"


def test_problems_of_a_file_name_it(tmp_path: Path) -> None:
    file = tmp_path / "engine.yaml"
    file.write_text("LOG_LEVLE: debug\nMANAGEMENT_PORT: many\n")
    assert problems_of({}, file) == [
        f"LOG_LEVLE must be a known name; did you mean LOG_LEVEL? (set by file {file})",
        f"MANAGEMENT_PORT is 'many'; it must be a whole number, from 0 to 65535 (set by file {file})",
    ]
    file.write_text("- a list")
    assert problems_of({}, file) == [
        f"-config is '{file}'; it must be a YAML mapping of setting names to values (set by command)"
    ]
    file.write_text("a: [")
    assert "a YAML file that can be read" in problems_of({}, file)[0]


def test_an_unknown_name_hides_no_rule(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("log: {levell: info}\njwtSecret: short\n")
    unknown, short = problems_of({}, file)
    assert unknown.startswith("LOG_LEVELL must be a known name; did you mean LOG_LEVEL?")
    assert short.startswith("JWT_SECRET must be 32 characters or more")


def test_a_word_that_stands_for_a_number_is_among_what_is_allowed() -> None:
    assert load_settings({"ENGINE_PROCESSES": " Auto"}).engine_processes == 0
    (problem,) = problems_of({"ENGINE_PROCESSES": "many"})
    assert problem.startswith("ENGINE_PROCESSES is 'many'; it must be a whole number, from 0 to 64, or auto (set by")


def test_overrides_come_first() -> None:
    assert load_settings({"LOG_LEVEL": "error"}, overrides={"LOG_LEVEL": "debug"}).log_level == "debug"


def test_read_replicas_have_postgresqls_port_unless_they_say_another() -> None:
    replicas = {"DATABASE_READ_REPLICAS": "one, two:6432"}
    assert load_settings(replicas).read_replicas == (("one", 5432), ("two", 6432))
    assert load_settings(replicas | {"PREFER_REPLICA": "false"}).read_replicas == ()
    assert load_settings({}).read_replicas == ()


def test_one_port_for_api_and_management() -> None:
    assert load_settings({"WORKFLOW_ADDR": ":3000", "WEBUI_PORT": "3000"}).one_port
    assert not load_settings({}).one_port


def test_access_keys() -> None:
    (key,) = load_settings({"API_ACCESS_KEYS": '[{"accessKeyId": "AK", "secretAccessKey": "long enough"}]'}).access_keys
    assert (key.access_key_id, key.secret_access_key, key.organization) == ("AK", "long enough", "default")
    assert "secret_access_key" not in repr(key)


@pytest.mark.parametrize(
    "key",
    [
        '{"accessKeyId": "AK", "secretAccessKey": ""}',
        '{"accessKeyId": "", "secretAccessKey": "long enough"}',
        '{"accessKeyId": "A/K", "secretAccessKey": "long enough"}',
        '{"accessKeyId": "AK", "secretAccessKey": "long enough", "organization": "a b"}',
        "\udcff",
        "[" * 5000,
    ],
)
def test_access_keys_that_would_open_too_much_or_nothing(key: str) -> None:
    (problem,) = problems_of({"API_ACCESS_KEYS": f"[{key}]"})
    assert problem.startswith("API_ACCESS_KEYS must be a JSON list of {accessKeyId, secretAccessKey, organization} (")
    assert "long enough" not in problem


@pytest.mark.parametrize("url", ["postgresql://u:hid/den@h/d", "postgresql://u:hidden@h:x/d", "redis://[hidden@h"])
def test_a_url_that_cannot_be_read_is_not_shown(url: str) -> None:
    (problem,) = problems_of({"DATABASE_URL": url})
    assert problem.startswith("DATABASE_URL must be a URL such as postgresql://user@host:5432/database")
    assert "hid" not in problem
    assert "den" not in problem
    assert "hid" not in str(problems_of({"WORKFLOW_DB_HOST": url}))


def test_names_and_passwords_in_a_url_are_decoded() -> None:
    settings = load_settings({"DATABASE_URL": "postgresql://a%40b:c%2Fd@h/x"})
    assert settings.workflow_db_password is not None
    assert (settings.workflow_db_user, settings.workflow_db_password.value) == ("a@b", "c/d")


def test_a_long_value_is_shown_in_part() -> None:
    (problem,) = problems_of({"MANAGEMENT_PORT": "9" * 5000})
    assert problem.startswith(f"MANAGEMENT_PORT is '{'9' * 100}…'; it must be a whole number, from 0 to 65535")


@pytest.mark.parametrize("text", ["[" * 5000, "\0", "a: *b", "!!python/object:os.system x"])
def test_a_file_that_is_no_yaml(tmp_path: Path, text: str) -> None:
    (tmp_path / "engine.yaml").write_text(text)
    (problem,) = problems_of({}, tmp_path / "engine.yaml")
    assert "a YAML file that can be read" in problem


def test_what_is_not_likely_meant_is_said() -> None:
    assert [*warnings(load_settings({}))] == [
        "every request will be refused: set JWT_SECRET, API_ACCESS_KEYS or, here, AUTHENTICATION=optional"
    ]
    assert not [*warnings(load_settings({"AUTHENTICATION": "optional"}))]


def test_obsolete_names() -> None:
    assert obsolete_names({"RINK_ENDPOINTS": "rink-0:8080"}) == [
        "RINK_ENDPOINTS is obsolete: instances find each other through the database"
    ]
    assert obsolete_names({}) == []


def test_settings_have_a_field_for_each_name_of_the_contract() -> None:
    assert set(Settings.__struct_fields__) == {setting.name.lower() for setting in contract().setting}
