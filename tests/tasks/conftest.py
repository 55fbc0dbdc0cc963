from runs.run_fixtures import run_path, table, trained  # noqa: F401
