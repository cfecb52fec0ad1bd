"""Invented names of children and mothers, from common Vietnamese name parts."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

_FAMILY = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
    "Lò",
    "Giàng",
    "Y",
    "Đinh",
]
_MIDDLE_GIRL = ["Thị", "Ngọc", "Thu", "Minh", "Thanh", "Khánh", "Bảo", "Phương", "Thùy", "Hoài"]
_MIDDLE_BOY = ["Văn", "Đức", "Minh", "Quang", "Hữu", "Gia", "Quốc", "Anh", "Thành", "Bảo"]
_GIVEN_GIRL = [
    "An",
    "Ánh",
    "Chi",
    "Diệp",
    "Dung",
    "Giang",
    "Hà",
    "Hân",
    "Hương",
    "Lan",
    "Linh",
    "Ly",
    "Mai",
    "My",
    "Nga",
    "Ngân",
    "Nhi",
    "Oanh",
    "Quyên",
    "Thảo",
    "Trang",
    "Uyên",
    "Vy",
    "Yến",
]
_GIVEN_BOY = [
    "Bách",
    "Bình",
    "Cường",
    "Dũng",
    "Đạt",
    "Đức",
    "Duy",
    "Hải",
    "Hiếu",
    "Hùng",
    "Huy",
    "Khang",
    "Khoa",
    "Kiên",
    "Long",
    "Nam",
    "Nghĩa",
    "Phúc",
    "Quân",
    "Sơn",
    "Tài",
    "Thắng",
    "Tuấn",
    "Việt",
]


def child_names(numbers: NDArray[np.int64], is_girl: NDArray[np.bool_]) -> pl.Series:
    """Return a full name for each number and sex."""
    middle = np.where(is_girl, numbers // 23 % len(_MIDDLE_GIRL), len(_MIDDLE_GIRL) + numbers // 23 % len(_MIDDLE_BOY))
    given = np.where(is_girl, numbers // 331 % len(_GIVEN_GIRL), len(_GIVEN_GIRL) + numbers // 331 % len(_GIVEN_BOY))
    return _joined(numbers % len(_FAMILY), middle, given)


def mother_names(numbers: NDArray[np.int64]) -> pl.Series:
    """Return a mother's full name for each number."""
    return _joined(numbers // 5 % len(_FAMILY), numbers // 41 % len(_MIDDLE_GIRL), numbers // 977 % len(_GIVEN_GIRL))


def _joined(family: NDArray[np.int64], middle: NDArray[np.int64], given: NDArray[np.int64]) -> pl.Series:
    parts = pl.DataFrame(
        {
            "family": pl.Series(_FAMILY).gather(family),
            "middle": pl.Series(_MIDDLE_GIRL + _MIDDLE_BOY).gather(middle),
            "given": pl.Series(_GIVEN_GIRL + _GIVEN_BOY).gather(given),
        }
    )
    return parts.select(pl.concat_str("family", "middle", "given", separator=" ")).to_series()
