"""`niis access`: who may read here, in which role and area; access outside the own area; the settings of sign-in."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.access.policy import AccessDeniedError, Place
from pipelines.access.readers import Readers, now
from pipelines.commands.acting import log, reader_of
from pipelines.commands.output import CommandError, Format, FormatOption, print_rows, say
from pipelines.reference import load_registry
from pipelines.settings import Settings

UserArgument = Annotated[
    str, typer.Argument(help="Người dùng, như bên đăng nhập gọi / the user, as the sign-in names it.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Ai được xem gì: vai trò, địa bàn, xin xem ngoài địa bàn / who may see what: roles, areas, requests.",
    )
    for command in (roles, users, grant, revoke, request, sign_in):
        group.command(command.__name__.replace("_", "-"))(command)
    app.add_typer(group, name="access")


def roles(form: FormatOption = Format.TABLE) -> None:
    """Các vai trò và những gì được xem / the roles and what they may see."""
    columns = [
        "role_code",
        "name_vi",
        "name_en",
        "aggregate_scope",
        "person_scope",
        "finding_scope",
        "small_cells",
    ]
    rows = sorted(load_registry().roles.values(), key=lambda role: role.sort_order)
    print_rows([{name: getattr(row, name) for name in columns} for row in rows], columns, form)


def users(ctx: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """Người dùng đã được cấp vai trò / the users who have a role."""
    settings = _kept(ctx)
    columns = ["user", "role_code", "area", "valid_from", "valid_to"]
    found = Readers(settings, load_registry()).users()
    rows = [
        {
            "user": row.user,
            "role_code": row.role_code,
            "area": str(row.place),
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
        }
        for row in found
    ]
    print_rows(rows, columns, form)


def grant(
    ctx: typer.Context,
    user: UserArgument,
    *,
    role: Annotated[str, typer.Option(help="Vai trò: niis access roles / the role.")],
    area: Annotated[str, typer.Option(help="Cây và mã, ví dụ 63:01 hoặc 34:VN / tree and code of the area.")],
) -> None:
    """Cấp vai trò và địa bàn cho một người từ hôm nay / give a user a role in an area from today on."""
    settings = _kept(ctx)
    place = Place.read(area)
    log(settings, "access_given", user=user, role=role, area=str(place))
    given = Readers(settings, load_registry()).give(user, role, place, now().date())
    say(f"{given.user}: {given.role_code}, {given.place}")


def revoke(ctx: typer.Context, user: UserArgument) -> None:
    """Thu hồi vai trò của một người từ hôm nay / take a user's role away from today on."""
    settings = _kept(ctx)
    log(settings, "access_taken", user=user)
    if not Readers(settings, load_registry()).take(user, now().date()):
        raise CommandError(f"'{user}' has no role here.")
    say(f"{user}: đã thu hồi / taken away")


def request(
    ctx: typer.Context,
    *,
    place: Annotated[
        str, typer.Option("--place", help="Địa bàn cần xem, ví dụ 63:79 / the area to see, such as 63:79.")
    ],
    reason: Annotated[str, typer.Option(help="Lý do, được ghi vào nhật ký / the reason, which is logged.")],
) -> None:
    """Xin xem một địa bàn ngoài địa bàn của mình trong vài giờ (cùng --as) / ask for an area outside the own one for a
    few hours (with --as).
    """
    settings: Settings = ctx.obj
    given = Readers(settings, load_registry()).request(reader_of(settings), Place.read(place), reason, now())
    say(f"{given.user}: {given.place} đến / until {given.until.isoformat(timespec='minutes')}")


def sign_in(
    ctx: typer.Context,
    *,
    metadata_url: Annotated[
        str, typer.Option(help="Địa chỉ .well-known/openid-configuration của nhà cung cấp / of the provider.")
    ],
    client_id: Annotated[str, typer.Option(help="Mã ứng dụng ở nhà cung cấp / the client's id at the provider.")],
    address: Annotated[str, typer.Option(help="Địa chỉ của bảng số liệu / the address of the dashboards, https://...")],
    client_secret: Annotated[
        str,
        typer.Option(
            prompt="Client secret",
            hide_input=True,
            envvar="NIIS_OIDC_CLIENT_SECRET",
            help="Khóa bí mật; nên để trong biến môi trường / the client's secret; better in the variable.",
        ),
    ],
    user_claim: Annotated[
        str, typer.Option(help="Trường cho biết người dùng / the claim that names the user.")
    ] = "email",
    role_claim: Annotated[
        str | None, typer.Option(help="Trường cho biết vai trò (bỏ trống: users.csv) / the claim of the role.")
    ] = None,
    area_claim: Annotated[
        str | None, typer.Option(help="Trường cho biết địa bàn, ví dụ 63:01 / the claim of the area, such as 63:01.")
    ] = None,
) -> None:
    """Ghi cài đặt đăng nhập OpenID Connect vào thư mục dữ liệu / write the settings of sign-in into the home."""
    from pipelines.access.sign_in import SignIn, write  # noqa: PLC0415 - commands import what they need

    settings = _kept(ctx)
    if (role_claim is None) != (area_claim is None):
        raise CommandError("--role-claim and --area-claim go together.")
    path = write(
        settings,
        SignIn(metadata_url, client_id, client_secret, address.rstrip("/"), user_claim, role_claim, area_claim),
    )
    log(settings, "sign_in_settings", provider=metadata_url, client=client_id)
    say(f"{path}: đã ghi; chạy lại niis serve / written; start niis serve again")


def _kept(ctx: typer.Context) -> Settings:
    settings: Settings = ctx.obj
    if settings.acting is not None:
        raise AccessDeniedError("Chỉ người giữ máy được làm việc này. / Only whoever keeps the machine may do this.")
    return settings
