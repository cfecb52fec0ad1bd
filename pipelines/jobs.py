"""The two jobs of the way: from files to the lake, and from the lake to a published copy.

They are two because the months of the second are known only after the first. Steps are small and share one
process: with a process for each step, importing would take longer than working.
"""

import dagster as dg

from pipelines.assets.intake import INTAKE_KEY

TAKE_IN = "take_in"
BUILD_AND_PUBLISH = "build_and_publish"

_intake = dg.AssetSelection.assets(INTAKE_KEY)

take_in = dg.define_asset_job(
    TAKE_IN,
    selection=_intake,
    executor_def=dg.in_process_executor,
    description="Nhận mọi tệp đang chờ và kiểm tra lô / take in every waiting file, then check the batch",
)

build_and_publish = dg.define_asset_job(
    BUILD_AND_PUBLISH,
    selection=dg.AssetSelection.all() - _intake,
    executor_def=dg.in_process_executor,
    description="Dựng kho, kiểm tra và phát hành / build the warehouse, check it and publish it",
)
