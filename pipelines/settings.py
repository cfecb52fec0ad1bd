"""Where everything lives: the only module that reads or sets the environment.

Does not create folders and does not open files: whoever writes creates what it writes to.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
SEEDS_DIR = DBT_PROJECT_DIR / "seeds"
# In the folder of releases: which one is current; in each release: what it holds.
CURRENT_NAME = "CURRENT"
MANIFEST_NAME = "manifest.json"
DOCUMENTS_NAME = "data_docs"

# Closed networks are the rule where this runs: a library that phones home waits for a time-out there.
TELEMETRY_OFF = {
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
}


@dataclass(frozen=True)
class Acting:
    """In whose place the command line reads: a user of the installation, or a role in an area (such as 63:01)."""

    user: str | None = None
    role: str | None = None
    area: str | None = None


@dataclass(frozen=True)
class Settings:
    """All paths of one installation, derived from its home folder; `acting` is empty for the keeper of the machine."""

    home: Path
    acting: Acting | None = None

    @property
    def inbox(self) -> Path:
        """Files waiting to be taken in."""
        return self.home / "inbox"

    @property
    def facilities(self) -> Path:
        """The facility register, a CSV file."""
        return self.home / "programme" / "facilities.csv"

    @property
    def lake(self) -> Path:
        """Append-only Parquet parts, original files and the ledger."""
        return self.home / "lake"

    @property
    def ledger(self) -> Path:
        """The SQLite file that says which batches, submissions and parts exist."""
        return self.lake / "ledger.sqlite"

    @property
    def identity(self) -> Path:
        """Who is who: persons, links between cards, stewards' decisions, the secret of person keys."""
        return self.home / "identity"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that dbt builds in; only the writer opens it."""
        return self.home / "warehouse" / "build.duckdb"

    @property
    def published(self) -> Path:
        """Immutable releases and the pointer CURRENT."""
        return self.home / "published"

    @property
    def history(self) -> Path:
        """What every release held, as differences; only ever added to."""
        return self.home / "history"

    @property
    def as_of(self) -> Path:
        """Copies of what was known on earlier days, made when somebody asked; they can be made again."""
        return self.home / "as_of"

    @property
    def stewardship(self) -> Path:
        """What stewards decided of findings, outliers and files, and what the next build reads of it."""
        return self.home / "stewardship"

    @property
    def exclusions(self) -> Path:
        """What the next build leaves out of adjusted values; each run writes it from the decisions."""
        return self.stewardship / "exclusions.parquet"

    @property
    def corrections(self) -> Path:
        """Corrected files that wait for a steward's approval; they hold persons."""
        return self.stewardship / "corrections"

    @property
    def certificates(self) -> Path:
        """The secret that signs certificates, and which were issued."""
        return self.home / "certificates"

    @property
    def access(self) -> Path:
        """Users with their roles, what they asked for outside their areas, and the settings of sign-in."""
        return self.home / "access"

    @property
    def audit_log(self) -> Path:
        """Who signed in, was refused, looked at single persons or took a file away, when, and what for."""
        return self.home / "audit" / "log.jsonl"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage."""
        return self.home / "dagster"

    @property
    def writer_lock(self) -> Path:
        """Held by whoever writes the lake or the warehouse."""
        return self.home / "writer.lock"


def load_settings(home: Path | str | None = None, acting: Acting | None = None) -> Settings:
    """Return the settings of `home`, else of NIIS_HOME, else of `./data`."""
    chosen = home or os.environ.get("NIIS_HOME") or Path.cwd() / "data"
    return Settings(Path(chosen).expanduser().resolve(), acting)


def is_production() -> bool:
    """Say whether this installation holds real data of persons (NIIS_PRODUCTION): then nobody reads without sign-in."""
    return os.environ.get("NIIS_PRODUCTION", "").strip().lower() in {"1", "true", "yes"}


def turn_telemetry_off() -> None:
    """Set the variables that keep Dagster, dbt, Great Expectations and Streamlit from calling out."""
    os.environ.update(TELEMETRY_OFF)


def set_variable(name: str, value: Path | str) -> None:
    """Set a variable that a library reads, for the rest of the process."""
    os.environ[name] = str(value)


@contextmanager
def variable_set(name: str, value: Path | str) -> Iterator[None]:
    """Set a variable that a library reads, and leave the environment as it was."""
    before = os.environ.get(name)
    os.environ[name] = str(value)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


def decisions_url(settings: Settings) -> str:
    """Return where stewards' decisions are kept: NIIS_DECISIONS_URL (SQLAlchemy), else a SQLite file of the home."""
    return os.environ.get("NIIS_DECISIONS_URL") or f"sqlite:///{settings.stewardship / 'decisions.sqlite'}"


def java() -> str | None:
    """Return the Java that Spark would start (JAVA_HOME, else the path), or None when there is none."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")


def external_data_dir() -> Path:
    """The folder of third-party test material (NIIS_EXTERNAL_DATA); it need not exist."""
    return Path(os.environ.get("NIIS_EXTERNAL_DATA", PROJECT_ROOT.parent / "shared" / "data" / "real"))
