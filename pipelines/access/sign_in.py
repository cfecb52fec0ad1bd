"""The settings of sign-in by OpenID Connect: a file in the home, for its owner alone, that Streamlit reads too."""

from __future__ import annotations

import json
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pipelines.access.readers import AccessSettingsError, ClaimNames
from pipelines.care.private import write_private
from pipelines.settings import Settings

_NEEDED = ("server_metadata_url", "client_id", "client_secret", "redirect_uri", "cookie_secret")


@dataclass(frozen=True)
class SignIn:
    """A provider, this installation's client there, its own address, and the claims that say who somebody is."""

    metadata_url: str
    client_id: str
    client_secret: str
    address: str
    user_claim: str = "email"
    role_claim: str | None = None
    area_claim: str | None = None


def secrets_file(settings: Settings) -> Path:
    """Return where the settings of sign-in are, if there are any."""
    return settings.access / "secrets.toml"


def write(settings: Settings, sign_in: SignIn) -> Path:
    """Write the settings, with a new secret for the cookies: whoever was signed in signs in again."""
    settings.access.mkdir(mode=0o700, parents=True, exist_ok=True)
    auth = {
        "redirect_uri": f"{sign_in.address}/oauth2callback",
        "cookie_secret": secrets.token_hex(32),
        "client_id": sign_in.client_id,
        "client_secret": sign_in.client_secret,
        "server_metadata_url": sign_in.metadata_url,
    }
    claims = {"user": sign_in.user_claim, "role": sign_in.role_claim, "area": sign_in.area_claim}
    lines = ["[auth]", *_lines(auth), "", "[claims]", *_lines({k: v for k, v in claims.items() if v is not None}), ""]
    path = secrets_file(settings)
    write_private(path, "\n".join(lines).encode())
    return path


def claim_names(settings: Settings) -> ClaimNames | None:
    """Return the claims that say who signed in; None where sign-in is not set up. Raises AccessSettingsError."""
    path = secrets_file(settings)
    if not path.exists():
        return None
    if path.stat().st_mode & 0o077:
        raise AccessSettingsError(f"{path} can be read by others; allow its owner alone: chmod 600 {path}.")
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise AccessSettingsError(f"{path} is no TOML: {error}; write it with: niis access sign-in.") from error
    missing = [name for name in _NEEDED if not found.get("auth", {}).get(name)]
    if missing:
        raise AccessSettingsError(
            f"{path} lacks {', '.join(missing)} under [auth]; write it with: niis access sign-in."
        )
    claims = found.get("claims", {})
    return ClaimNames(claims.get("user", "email"), claims.get("role"), claims.get("area"))


def _lines(values: dict[str, str]) -> list[str]:
    # A JSON text of printable characters is a TOML text.
    return [f"{name} = {json.dumps(value)}" for name, value in values.items()]
