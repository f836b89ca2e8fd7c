"""All settings in one place: `TIDEGATE_…` in the environment, flags over them."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.errors import InvalidSettings


class Settings(BaseSettings):
    """How one process runs. Durations are seconds, sizes bytes."""

    model_config = SettingsConfigDict(env_prefix="TIDEGATE_", frozen=True)

    mongodb_uri: str | None = None
    """A replica set's address; without it an embedded MongoDB is started in `data_dir`."""
    database: str = Field(default="tidegate", pattern=r"^[A-Za-z0-9_-]{1,48}$")
    driver: Literal["pymongo", "motor"] = "pymongo"
    data_dir: Path = Path(".tidegate")
    secret: SecretStr | None = None
    """Signs tokens and cursors and keys fingerprints; without it one is drawn and kept in the database."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    """How many processes serve, at one address and on one log."""

    command_timeout: float = Field(default=10.0, gt=0)
    """How long a command may wait for its commit."""
    visibility_timeout: float = Field(default=5.0, ge=0)
    """How long a query waits for a token to become visible."""
    mongodb_timeout: float = Field(default=5.0, gt=0)
    """How long one operation on MongoDB may take, its retries included."""
    ready_lag: float = Field(default=30.0, gt=0)
    """How far a read model may be behind before `/readyz` turns red."""

    batch_commands: int = Field(default=500, ge=1, le=1_000)
    batch_bytes: int = Field(default=8_000_000, ge=1_000, le=32_000_000)
    """Far below the 48 MB at which the driver splits an insert: the parts would not wait for each other."""
    lag_commits: int = Field(default=20_000, ge=0)
    """So many commits a read model may be behind before commands are held back; 0 for any number."""
    hot_bytes: int = Field(default=64_000_000, ge=0)
    """How much memory the states that the writer keeps may take, about."""
    snapshot_events: int = Field(default=100, ge=0)
    """Every so many events of a stream a snapshot of it is taken; 0 for none."""
    fold_commits: int = Field(default=500, ge=1)
    """How many commits the watcher applies in one transaction."""
    fold_bytes: int = Field(default=4_000_000, ge=1_000)
    fan_out: int = Field(default=1_000, ge=1)
    """How many views one transaction touches at most for an event that reaches many."""

    audit_days: int = Field(default=90, ge=0, le=10_000)
    """For how many days the audit trail keeps who asked what; 0 switches it off."""

    plans: bool = True
    """Whether operations are compiled into plans; else the ordinary executor gives the same answers."""
    body_limit: int = Field(default=1_000_000, ge=1_000)
    text_limit: int = Field(default=10_000, ge=1)
    """How many characters one text in an input may have."""
    page_limit: int = Field(default=500, ge=1)
    page_default: int = Field(default=50, ge=0)
    count_limit: int = Field(default=10_000, ge=0)
    """Beyond how many views a connection does not count them: `totalCount` is null then."""


def load_settings(**given: object) -> Settings:
    """The settings of this process: `given` values that are not None win over the environment.

    Raises InvalidSettings with every mistake in one sentence each.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # pyright: ignore[reportArgumentType] # pydantic checks the values
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise InvalidSettings("; ".join(problems)) from None
