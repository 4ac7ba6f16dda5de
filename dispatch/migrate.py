"""Bring a database's schema up to date, as its owner; the application role gets its grants here and nowhere else."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"


def configuration(owner_url: str) -> Config:
    """Alembic's configuration for a database; `owner_url` is a libpq URL or conninfo of the owner."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    url = owner_url.replace("postgresql://", "postgresql+psycopg://", 1)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def migrate(owner_url: str, to: str = "head") -> None:
    """Run all outstanding migrations, each in a transaction of its own."""
    command.upgrade(configuration(owner_url), to)


def check(owner_url: str) -> None:
    """Raise if the declared tables and the database differ."""
    command.check(configuration(owner_url))
