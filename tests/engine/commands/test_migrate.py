from tests.engine.commands.processes import Command


def test_migrate_can_be_repeated(run: Command) -> None:
    first, second = run("migrate"), run("migrate")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "revisions applied" in first.stdout
    assert second.stdout == "no revision to apply\n"


def test_migrate_says_what_it_cannot_reach(run: Command) -> None:
    done = run("migrate", WORKFLOW_DB_HOST="127.0.0.1:9", WORKFLOW_DB_PASSWORD="hidden-one")
    assert done.returncode == 1
    assert done.stderr.startswith("engine: The database workflow at 127.0.0.1:9 can't be reached")
    assert "hidden-one" not in done.stderr
