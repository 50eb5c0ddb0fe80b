"""The client's models and errors agree with those of the service."""

from typing import Any

import pytest
from face_intake import errors, models, results
from pydantic import BaseModel

from shared import schemas, stats_schemas
from shared.errors import PROBLEMS
from shared.job_kinds import compare_faces, extract_face, faces
from shared.job_kinds.registry import KINDS

MODELS: dict[type[BaseModel], type[BaseModel]] = {
    results.Size: faces.Size,
    results.Box: faces.FaceBox,
    results.Face: extract_face.FaceEntry,
    results.Quality: faces.PortraitQuality,
    results.Metadata: extract_face.FaceMetadata,
    results.Page: extract_face.PageView,
    results.Extraction: extract_face.ExtractionResult,
    results.ComparedFace: compare_faces.ComparedFace,
    results.ComparisonWarning: compare_faces.ComparisonWarning,
    results.Comparison: compare_faces.ComparisonResult,
    models.Place: schemas.QueuePlace,
    models.Callback: schemas.CallbackView,
    models.Job: schemas.JobView,
    models.BatchResult: schemas.BatchResult,
    models.Batch: schemas.BatchView,
    models.QueueLoad: stats_schemas.QueueLoad,
    models.RedisServer: stats_schemas.RedisServer,
    models.RunningJob: stats_schemas.RunningJob,
    models.Worker: stats_schemas.WorkerState,
    models.FailedJob: stats_schemas.FailedJob,
    models.Failures: stats_schemas.FailureCode,
    models.Load: stats_schemas.SystemLoad,
    models.Format: schemas.AcceptedFormat,
    models.Info: schemas.ServiceInfo,
}
LEFT_OUT = {"success", "docs"}


def names(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields) - LEFT_OUT


@pytest.mark.parametrize("ours", MODELS, ids=lambda model: str(model.__name__))
def test_a_model_has_the_same_fields_as_the_services_model(ours: type[BaseModel]) -> None:
    assert names(ours) == names(MODELS[ours])


def all_subclasses(kind: type[Any]) -> list[type[Any]]:
    return [each for subclass in kind.__subclasses__() for each in (subclass, *all_subclasses(subclass))]


def test_every_model_is_compared() -> None:
    assert set(all_subclasses(results.Model)) == set(MODELS)


def test_a_job_of_an_unknown_kind_keeps_its_result_as_json() -> None:
    job = models.Job.model_validate(
        {
            "id": "one",
            "kind": "count-faces",
            "status": "succeeded",
            "created_at": "2026-11-26T12:00:00Z",
            "attempts": 1,
            "result": {"success": True, "total_faces": 2},
        }
    )
    assert job.kind == "count-faces"
    assert job.result == {"success": True, "total_faces": 2}
    with pytest.raises(TypeError, match="not an extraction: count-faces"):
        _ = job.extraction


def test_statuses_and_kinds_agree_with_the_service() -> None:
    assert set(models.JobStatus) == {status.value for status in schemas.JobStatus}
    assert set(models.JobKind) == {kind.name for kind in KINDS}


def test_every_error_code_has_one_class_in_one_family() -> None:
    classes = [kind for kind in all_subclasses(errors.ApiError) if kind.code]
    assert sorted(kind.code for kind in classes) == sorted(PROBLEMS)
    families = {errors.RequestError, errors.DocumentError, errors.JobError, errors.ServiceError}
    assert set(all_subclasses(errors.ApiError)) == {*classes, *families}
    assert all(set(kind.__mro__) & families for kind in classes)


def test_an_unknown_code_gives_an_api_error() -> None:
    error = errors.ApiError.of(errors.Problem(code="from_the_future", detail="Wait."))
    assert type(error) is errors.ApiError
    assert str(error) == "from_the_future: Wait."
