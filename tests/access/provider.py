"""Starts Canaille, an OpenID Connect provider, in an environment of its own (`make setup-oidc`): memory only.

Arguments: the port, the redirect address of the client, its id, its secret. The users and their passwords are given on
standard input as JSON: [{"user_name": ..., "email": ..., "password": ...}].
"""

from __future__ import annotations

import datetime
import json
import sys

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server


def main(port: int, redirect: str, client_id: str, client_secret: str) -> None:
    """Serve until the process is ended; print a line once it listens."""
    app = create_app(
        {
            "SECRET_KEY": "of-a-test",
            "SERVER_NAME": f"127.0.0.1:{port}",
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE": {"DATABASE": "memory", "TIMEZONE": "UTC"},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)]},
        }
    )
    with app.app_context(), Backend.instance.session():
        for row in json.load(sys.stdin):
            user = models.User(
                user_name=row["user_name"],
                formatted_name=row["user_name"],
                family_name=row["user_name"],
                emails=[row["email"]],
                password=row["password"],
            )
            Backend.instance.save(user)
        client = models.Client(
            client_id=client_id,
            client_secret=client_secret,
            client_name="NIIS",
            client_uri=redirect,
            redirect_uris=[redirect],
            post_logout_redirect_uris=[redirect],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid", "email", "profile"],
            token_endpoint_auth_method="client_secret_basic",
            client_id_issued_at=datetime.datetime.now(datetime.UTC),
        )
        client.audience = [client]
        Backend.instance.save(client)
    server = make_server("127.0.0.1", port, app, threaded=True)
    print("listening", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
