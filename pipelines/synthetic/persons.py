"""A labelled deck for identity: children, the cards under which facilities know them, and who is who in truth.

Children are born as densely as in the nation, so that as many of them share name and birth date by chance as there.
What goes wrong, and how often, stands in the constants below; they are stated, not estimated, and on the harsh side.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.identity.cards import CARD_COLUMNS, shaped
from pipelines.intake.doses import CARD_KEY_LENGTH, IDENTIFYING
from pipelines.intake.rows import with_digest
from pipelines.reference import Registry
from pipelines.synthetic.register import communes
from pipelines.text import without_diacritics

BIRTHS_PER_DAY = 3_900
FIRST_BIRTH = date(2024, 3, 1)

# Of deliveries.
TWIN_SHARE = 0.013
_TWINS_OF_ONE_SEX = 0.65
_TWINS_NAMED_ALIKE = 0.10
# Of children.
_BORN_IN_HOSPITAL = 0.60
_UNNAMED_AT_BIRTH = 0.50
_MOVED = 0.10
_MOVES_WITHIN_PROVINCE = 0.60
_AT_A_CLINIC = 0.12
_HAS_NATIONAL_ID = 0.60
_RENAMED = 0.003
# Of registrations after the first: the child is not found and gets a new code.
_REGISTERED_AGAIN = 0.30
# Of cards.
_PHONE_CHANGED = 0.10
_PHONE_MISSING = 0.15
_MOTHER_MISSING = 0.10
_ORDER_TOLD = 0.5  # of cards of twins
_NAME_SLIP = 0.03
_MOTHER_SLIP = 0.03
_PARTICLE_LEFT_OUT = 0.03
_GIVEN_NAME_FIRST = 0.01
_DAY_MONTH_SWAPPED = 0.015
_DATE_SLIP = 0.008
_SEX_WRONG = 0.005
_ID_SLIP = 0.004
_ID_OF_MOTHER = 0.004
_ID_OF_ANOTHER = 0.001
_CODE_OF_ANOTHER = 0.001

_FAMILY = (
    "Nguyễn:38 Trần:12 Lê:9 Phạm:7 Hoàng:4 Huỳnh:2 Phan:4 Vũ:3 Võ:3 Đặng:2 Bùi:2 Đỗ:1.6 Hồ:1.4 Ngô:1.4 Dương:1.2"
    " Lý:0.6 Đinh:0.8 Trịnh:0.7 Mai:0.6 Đào:0.6 Lương:0.6 Trương:1 Lâm:0.5 Đoàn:0.6 Vương:0.3 Tạ:0.3 Lò:0.5 Giàng:0.4"
    " Hà:0.5 Tô:0.3 Cao:0.4 Châu:0.2 Quách:0.2 Kiều:0.1 Thái:0.2 Triệu:0.3 Vàng:0.3 Sùng:0.2 Thào:0.2 Rơ:0.1"
)
_MIDDLE_GIRL = (
    "Thị:24 Ngọc:11 Thu:5 Minh:6 Thanh:6 Khánh:6 Bảo:8 Phương:6 Thùy:4 Hoài:2 Gia:4 Kim:4 Quỳnh:4 Tuệ:4 Như:4 Mai:3"
    " An:3 Hà:3 Diệu:2 Cẩm:1 Linh:2 Yến:2 Trúc:2 Tường:1"
)
_MIDDLE_BOY = (
    "Văn:14 Đức:7 Minh:10 Quang:5 Hữu:4 Gia:10 Quốc:5 Anh:5 Thành:5 Bảo:8 Hoàng:5 Tuấn:4 Duy:3 Đăng:4 Nhật:4 Phúc:3"
    " Thiên:3 Công:2 Đình:3 Xuân:2 Khánh:2 Trọng:2 Tiến:2 Ngọc:2"
)
_GIVEN_GIRL = (
    "An:5 Ánh:2 Anh:8 Chi:5 Châu:3 Diệp:3 Dung:1 Giang:2 Hà:3 Hân:6 Hương:2 Hạnh:1 Hiền:2 Hoa:1 Huyền:2 Lan:2 Linh:7"
    " Ly:2 Mai:3 My:4 Nga:1 Ngân:4 Ngọc:3 Nhi:6 Như:3 Oanh:1 Phương:3 Quyên:1 Quỳnh:2 Thảo:4 Thư:4 Thủy:1 Tiên:2 Trâm:3"
    " Trang:4 Trinh:1 Trúc:1 Tú:1 Uyên:2 Vân:2 Vy:5 Yến:3 Hằng:1 Khuê:1 San:1 Đan:1 Kim:1 Nhung:1 Thơ:1 Xuân:1"
)
_GIVEN_BOY = (
    "An:4 Anh:4 Bách:2 Bảo:5 Bình:2 Cường:2 Dũng:2 Đạt:4 Đăng:3 Đức:3 Duy:3 Giang:1 Hải:2 Hào:1 Hiếu:3 Hòa:1 Hoàng:4"
    " Hùng:2 Huy:6 Hưng:3 Khang:6 Khánh:2 Khoa:5 Khôi:5 Kiên:3 Lâm:3 Lộc:1 Long:4 Minh:5 Nam:4 Nghĩa:2 Nguyên:3 Nhân:2"
    " Nhật:1 Phát:2 Phong:4 Phú:2 Phúc:5 Quân:4 Quang:2 Quốc:1 Sang:1 Sơn:2 Tài:2 Tâm:1 Thắng:1 Thành:2 Thiên:2 Thịnh:3"
    " Tiến:2 Toàn:1 Trí:2 Trung:1 Tú:1 Tuấn:2 Tùng:2 Việt:2 Vinh:2 Vũ:1 Vương:1"
)
_GIVEN_MOTHER = (
    "Hương:6 Lan:5 Hoa:5 Thảo:5 Trang:5 Hà:5 Hằng:5 Hạnh:3 Hiền:5 Huyền:4 Linh:4 Loan:3 Mai:4 Nga:4 Ngân:2 Nhung:4"
    " Oanh:3 Phượng:4 Phương:5 Quyên:2 Thanh:3 Thu:4 Thủy:5 Thúy:3 Tuyết:3 Vân:4 Yến:3 Xuân:2 Ánh:2 Dung:4 Duyên:3 Lý:2"
    " Hòa:2 My:1 Dinh:1 Mỷ:1 Sua:1 Chi:1 Tâm:2 Tươi:1 Hồng:4 Đào:2 Mơ:1 Liên:3 Lệ:2 Kiều:2 Diễm:2"
)
_UNNAMED = ("Con bà {m}", "CON BÀ {m}", "Con chị {m}", "CB {m}", "Sơ sinh con bà {m}", "Bé {s}", "Chưa đặt tên")
_ALIKE = {
    "Khang": "Khánh", "Hân": "Ân", "An": "Anh", "Minh": "Linh", "Khôi": "Khoa", "Vy": "My", "Phong": "Phòng",
    "Trang": "Tràng", "Nhi": "Như", "Long": "Lộng", "Thư": "Thơ", "Huy": "Duy",
}  # fmt: skip

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Deck:
    """Cards, and the person whose card each is."""

    cards: pl.DataFrame  # CARD_COLUMNS
    truth: pl.DataFrame  # card_key, true_person


def deck(registry: Registry, children: int, seed: int, days: int | None = None) -> Deck:
    """Return the cards of about `children` children, born over `days` (default: as many a day as in the nation).

    Equal arguments, equal cards.
    """
    return _Dealer(registry, children, seed, days or max(1, round(children / BIRTHS_PER_DAY))).deal()


def _drawn(words: str, random: np.random.Generator, count: int) -> NDArray[np.str_]:
    names, weights = zip(*(item.split(":") for item in words.split()), strict=True)
    shares = np.array(weights, dtype=float)
    found: NDArray[np.str_] = np.array(names)[random.choice(len(names), count, p=shares / shares.sum())]
    return found


class _Dealer:
    """Draws children, then one frame of cards for each place at which they are known."""

    def __init__(self, registry: Registry, children: int, seed: int, days: int) -> None:
        self._random = np.random.default_rng([seed, 11])
        places = communes(registry, None)
        self._places = places.get_column("commune_code_2025").to_numpy()
        self._provinces = places.get_column("province_code").to_numpy()
        self._province_of = dict(zip(self._places, self._provinces, strict=True))
        births = places.get_column("births_per_year").to_numpy()
        self._shares = births / births.sum()
        self._children = self._draw_children(children, days)
        self._count = self._children.height

    def _some(self, share: float) -> Flags:
        flags: Flags = self._random.random(self._count) < share
        return flags

    def _draw_children(self, children: int, days: int) -> pl.DataFrame:
        random = self._random
        deliveries = max(1, round(children / (1 + TWIN_SHARE)))
        mother_middle = np.where(random.random(deliveries) < 0.75, "Thị", _drawn(_MIDDLE_GIRL, random, deliveries))
        family = pl.DataFrame(
            {
                "family": _drawn(_FAMILY, random, deliveries),
                "mother": pl.Series(_drawn(_FAMILY, random, deliveries))
                + " " + pl.Series(mother_middle) + " " + pl.Series(_drawn(_GIVEN_MOTHER, random, deliveries)),
                "birth_day": np.datetime64(FIRST_BIRTH, "D").astype(int) + random.integers(0, days, deliveries),
                "phone": _phones(random, deliveries),
                "commune": self._places[random.choice(len(self._places), deliveries, p=self._shares)],
                "middle_seed": random.integers(0, 2**31, deliveries),
                "is_girl": random.random(deliveries) < 0.48,
                "is_twin": random.random(deliveries) < TWIN_SHARE,
            }
        ).with_row_index("delivery")  # fmt: skip
        second = family.filter("is_twin").with_columns(
            pl.col("is_girl") ^ pl.Series(random.random(int(family["is_twin"].sum())) >= _TWINS_OF_ONE_SEX)
        )
        born = pl.concat([family.with_columns(order=1), second.with_columns(order=2)]).sort("delivery", "order")
        count = born.height
        girl = born.get_column("is_girl").to_numpy()
        middle = np.where(girl, _drawn(_MIDDLE_GIRL, random, count), _drawn(_MIDDLE_BOY, random, count))
        given = np.where(girl, _drawn(_GIVEN_GIRL, random, count), _drawn(_GIVEN_BOY, random, count))
        twin = born.get_column("order").to_numpy() == 2
        alike = twin & (random.random(count) < _TWINS_NAMED_ALIKE)
        before = np.roll(given, 1)
        given = np.where(alike, [_ALIKE.get(name, "Phúc") for name in before], given)
        # No parents call both twins the same.
        given = np.where(twin & (given == before), np.where(before == "Bảo", "Anh", "Bảo"), given)
        middle = np.where(twin & (random.random(count) < 0.6), np.roll(middle, 1), middle)
        return born.with_columns(
            pl.Series("middle", middle),
            pl.Series("given", given),
            pl.Series("renamed", np.where(girl, _drawn(_GIVEN_GIRL, random, count), _drawn(_GIVEN_BOY, random, count))),
            pl.Series("is_renamed", random.random(count) < _RENAMED),
            pl.Series("serial", random.integers(0, 1_000_000, count)),
            pl.Series("has_id", random.random(count) < _HAS_NATIONAL_ID),
        ).with_row_index("child")

    def deal(self) -> Deck:
        """Return the cards of every place in one frame, spoilt, and who is who."""
        born = self._children
        hospital = self._some(_BORN_IN_HOSPITAL)
        moved = self._some(_MOVED)
        clinic = self._some(_AT_A_CLINIC)
        codes = self._codes("H", np.zeros(self._count, dtype=bool), None)
        first_code = codes
        frames = [
            self._known_at(born, codes, "H", hospital & self._some(0.98), 1, unnamed=self._some(_UNNAMED_AT_BIRTH))
        ]
        codes = self._codes("S", ~hospital | self._some(_REGISTERED_AGAIN), first_code)
        nobody = np.zeros(self._count, dtype=bool)
        frames.append(self._known_at(born, codes, "S", np.ones(self._count, dtype=bool), 3, unnamed=nobody))
        frames.append(self._known_at(born, codes, "S", self._some(0.35), 10, unnamed=nobody))
        elsewhere = self._elsewhere()
        away = born.with_columns(
            pl.Series("commune", np.where(moved, elsewhere, born.get_column("commune").to_numpy()))
        )
        codes_m = self._codes("M", self._some(_REGISTERED_AGAIN), codes)
        frames.append(self._known_at(away, codes_m, "M", moved, 13, unnamed=nobody))
        codes_c = self._codes("C", self._some(_REGISTERED_AGAIN), codes)
        frames.append(self._known_at(away, codes_c, "C", clinic, 6, unnamed=nobody))
        rows = self._spoilt(pl.concat(frames))
        rows = with_digest(rows, "card_key", IDENTIFYING, CARD_KEY_LENGTH)
        rows = rows.sort("known_from", "child").unique("card_key", keep="first", maintain_order=True)
        truth = rows.select("card_key", ("T" + pl.col("child").cast(pl.String).str.zfill(8)).alias("true_person"))
        return Deck(shaped(rows, CARD_COLUMNS).sort("card_key"), truth.sort("card_key"))

    def _elsewhere(self) -> NDArray[np.str_]:
        """Return a commune for each child to move to: mostly in the province in which it lives."""
        far: NDArray[np.str_] = self._places[self._random.choice(len(self._places), self._count, p=self._shares)]
        order = np.argsort(self._provinces, kind="stable")
        first = dict(zip(*np.unique(self._provinces[order], return_index=True), strict=True))
        sizes = dict(zip(*np.unique(self._provinces, return_counts=True), strict=True))
        lives = [self._province_of[code] for code in self._children.get_column("commune").to_list()]
        start = np.array([first[province] for province in lives])
        size = np.array([sizes[province] for province in lives])
        near = self._places[order[start + self._random.integers(0, size)]]
        return np.where(self._some(_MOVES_WITHIN_PROVINCE), near, far)

    def _codes(self, place: str, fresh: Flags, before: pl.Series | None) -> pl.Series:
        """Return person codes: the one known before, or a fresh one of this place."""
        own = pl.Series([f"{place}{number:08d}" for number in range(self._count)])
        return own if before is None else own.zip_with(pl.Series(fresh), before)

    def _known_at(
        self, born: pl.DataFrame, codes: pl.Series, place: str, chosen: Flags, month: int, *, unnamed: Flags
    ) -> pl.DataFrame:
        """Return the cards under which one place knows the chosen children, `month` months after birth."""
        random = self._random
        birth = pl.col("birth_day").cast(pl.Int32).cast(pl.Date)
        order = pl.Series(np.where(self._some(_ORDER_TOLD), born.get_column("order").to_numpy(), 0))
        # Whoever got another name after the first vaccinations is known under it elsewhere.
        called = pl.when(pl.col("is_renamed") & (place in {"M", "C"})).then("renamed").otherwise("given")
        name = pl.concat_str("family", "middle", called, separator=" ")
        phone_new = pl.Series(_phones(random, self._count))
        has_id = born.get_column("has_id") & pl.Series(random.random(self._count) < (0.2 if place == "H" else 0.8))
        number = (
            pl.lit("0")
            + (pl.col("serial") % 90 + 10).cast(pl.String)
            + pl.when("is_girl").then(pl.lit("3")).otherwise(pl.lit("2"))
            + birth.dt.strftime("%y")
            + ((pl.col("child").cast(pl.Int64) * 7919 + 13) % 1_000_000).cast(pl.String).str.zfill(6)
        )
        rows = born.with_columns(
            codes.alias("person_code"),
            pl.when(has_id).then(number).alias("national_id"),
            name.alias("full_name"),
            birth.alias("birth_date"),
            pl.when("is_girl").then(pl.lit("F")).otherwise(pl.lit("M")).alias("sex"),
            pl.when(pl.Series(random.random(self._count) >= _MOTHER_MISSING)).then("mother").alias("mother_name"),
            pl.when(pl.Series(random.random(self._count) >= _PHONE_MISSING))
            .then(pl.when(pl.Series(random.random(self._count) < _PHONE_CHANGED)).then(phone_new).otherwise("phone"))
            .alias("phone"),
            pl.col("commune").alias("household_commune_code"),
            pl.lit(None, dtype=pl.String).alias("temporary_commune_code"),
            pl.when(pl.col("is_twin") & (order > 0)).then(order).cast(pl.Int32).alias("birth_order"),
            (birth.dt.offset_by(f"{month}mo").cast(pl.Datetime("us"))).alias("known_from"),
            pl.lit(month, dtype=pl.Int32).alias("first_batch_no"),
            pl.Series("unnamed", unnamed),
        ).filter(pl.Series(chosen))  # fmt: skip
        texts = [
            _UNNAMED[kind].format(m=mother, s="gái" if girl else "trai") if nameless else full
            for kind, mother, girl, nameless, full in zip(
                random.choice(len(_UNNAMED), rows.height, p=[0.5, 0.15, 0.1, 0.08, 0.05, 0.07, 0.05]),
                rows.get_column("mother"), rows.get_column("is_girl"), rows.get_column("unnamed"),
                rows.get_column("full_name"), strict=True,
            )
        ]  # fmt: skip
        return rows.with_columns(pl.Series("full_name", texts))

    def _spoilt(self, rows: pl.DataFrame) -> pl.DataFrame:
        random, count = self._random, rows.height

        def some(share: float) -> pl.Series:
            return pl.Series(random.random(count) < share)

        day = pl.col("birth_date")
        slip = (day.cast(pl.Int32) + pl.lit(pl.Series(random.choice([-10, -1, 1, 10, 30], count)))).cast(pl.Date)
        swapped = pl.when(day.dt.day() <= 12).then(pl.date(day.dt.year(), day.dt.day(), day.dt.month())).otherwise(day)
        other = pl.Series(random.integers(0, count, count))
        wrong_digit = pl.col("national_id").str.slice(0, 11) + pl.Series(random.integers(0, 10, count)).cast(pl.String)
        of_mother = pl.col("national_id").str.slice(0, 3) + "195" + pl.col("national_id").str.slice(6)
        return rows.with_columns(
            _written(rows.get_column("full_name"), random, _NAME_SLIP).alias("full_name"),
            _written(rows.get_column("mother_name"), random, _MOTHER_SLIP).alias("mother_name"),
            pl.when(some(_DAY_MONTH_SWAPPED)).then(swapped).when(some(_DATE_SLIP)).then(slip).otherwise(day)
            .alias("birth_date"),
            pl.when(some(_SEX_WRONG)).then(pl.when(pl.col("sex") == "F").then(pl.lit("M")).otherwise(pl.lit("F")))
            .otherwise("sex").alias("sex"),
            pl.when(some(_ID_SLIP)).then(wrong_digit)
            .when(some(_ID_OF_MOTHER)).then(of_mother)
            .when(some(_ID_OF_ANOTHER)).then(pl.col("national_id").gather(other))
            .otherwise("national_id").alias("national_id"),
            pl.when(some(_CODE_OF_ANOTHER)).then(pl.col("person_code").gather(other))
            .otherwise("person_code").alias("person_code"),
        )  # fmt: skip


def _phones(random: np.random.Generator, count: int) -> list[str]:
    starts = np.array(
        ["032", "035", "038", "039", "070", "079", "083", "085", "090", "091", "093", "096", "097", "098"]
    )
    return [
        f"{start}{number:07d}"
        for start, number in zip(
            starts[random.integers(0, len(starts), count)], random.integers(0, 10**7, count), strict=True
        )
    ]


def _written(names: pl.Series, random: np.random.Generator, slip_share: float) -> pl.Series:
    """Return names as different hands write them: capitals, no marks, a slip, a particle left out, another order."""
    count = len(names)
    kind = random.random(count)
    where = random.integers(0, 1_000_000, count)
    slips = random.random(count) < slip_share
    particles = random.random(count) < _PARTICLE_LEFT_OUT
    turned = random.random(count) < _GIVEN_NAME_FIRST
    found: list[str | None] = []
    for index, name in enumerate(names.to_list()):
        text = name
        if text is not None and (slips[index] or particles[index] or turned[index] or kind[index] < 0.2):
            if particles[index]:
                text = text.replace(" Thị ", " ").replace(" Văn ", " ")
            if turned[index] and not text.startswith(("Con", "CON", "CB", "Sơ", "Bé", "Chưa")):
                first, *rest = text.split(" ")
                text = " ".join([*rest, first])
            if slips[index]:
                text = _slip(text, int(where[index]))
            if kind[index] < 0.1:
                text = text.upper()
            elif kind[index] < 0.15:
                text = without_diacritics(text).title()
        found.append(text)
    return pl.Series(found, dtype=pl.String)


def _slip(text: str, number: int) -> str:
    """Return a text with one letter lost, doubled, changed or swapped with the next, at a place that `number` says."""
    at = 1 + number % max(1, len(text) - 1)
    if at >= len(text):
        return text
    kind = number // 97 % 4
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    if kind == 2:
        return text[:at] + "aeiouhgn"[number // 389 % 8] + text[at + 1 :]
    return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]
